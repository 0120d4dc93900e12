"""Rules: aws."""
