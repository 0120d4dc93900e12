"""Rules: azure."""
