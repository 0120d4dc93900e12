"""Writes `geography/endpoints.csv`; not part of what is shipped to a cloud, and nothing imports it at run time."""
