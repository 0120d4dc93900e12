"""Rules: anywhere."""
