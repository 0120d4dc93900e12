"""Rules that hold on every cloud, or between two."""

from policies.anywhere import destinations, labels, secrets, shortcuts, stacks

__all__ = ["destinations", "labels", "secrets", "shortcuts", "stacks"]
