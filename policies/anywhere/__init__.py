"""Rules that hold on every cloud, or between two."""

from policies.anywhere import classified, destinations, egress, grants, labels, secrets, shortcuts, stacks, strangers

__all__ = ["classified", "destinations", "egress", "grants", "labels", "secrets", "shortcuts", "stacks", "strangers"]
