"""Rules: gcp."""
