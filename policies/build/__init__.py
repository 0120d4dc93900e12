"""Writes tables of `policies/data`; nothing imports it at run time."""
