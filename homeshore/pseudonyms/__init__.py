"""The pseudonym key's value in the region's own secret store: written out of band, never by the program."""
