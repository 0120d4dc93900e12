"""Blueprints, typed stack configuration and sizing."""
