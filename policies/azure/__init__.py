"""Rules of Azure, by topic; importing this package declares them."""

from policies.azure import destinations, encryption, identity, logs, network, retention, sovereignty

__all__ = ["destinations", "encryption", "identity", "logs", "network", "retention", "sovereignty"]
