"""The rules as a real Pulumi policy pack: one policy for each, under its id, and those that keep the pack honest."""

from __future__ import annotations

from policies.pack.policies import DESCRIPTION, NAME, policies

__all__ = ["DESCRIPTION", "NAME", "policies"]
