"""Rules that hold on every cloud, or between two."""

from policies.anywhere import classified, destinations, egress, labels, secrets, shortcuts, stacks, strangers

__all__ = ["classified", "destinations", "egress", "labels", "secrets", "shortcuts", "stacks", "strangers"]
