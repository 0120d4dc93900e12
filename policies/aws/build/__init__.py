"""Makes the tables of AWS facts that are too long to write by hand. Not needed to run the pack."""
