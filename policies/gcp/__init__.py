"""Rules for Google Cloud, by what they are about."""

from policies.gcp import encryption, exposure, flows, guardrails, identity, keeping, models, places

__all__ = ["encryption", "exposure", "flows", "guardrails", "identity", "keeping", "models", "places"]
