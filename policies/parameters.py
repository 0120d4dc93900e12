"""What the pack can be told: boundary, limits, allow-lists. One schema for the real engine's config and for ours."""

from __future__ import annotations

from dataclasses import dataclass, field

from policies.transfers import Register


@dataclass(frozen=True)
class Parameters:
    """`allowed_*` are literal identifiers outside the stack that somebody has looked at; days and hours are bounds."""

    allowed_destinations: frozenset[str] = frozenset()
    allowed_hosts: frozenset[str] = frozenset()
    allowed_accounts: frozenset[str] = frozenset()
    production: bool = True
    sovereignty_level: int = 1
    strict: bool = False
    log_days: tuple[int, int] = (1, 3653)
    log_days_by: str = ""
    """The law that sets the lower bound of `log_days`; empty where none does."""
    stream_hours_at_most: int = 168
    multi_region_keys: bool = False
    topic_hours_at_most: int = 168
    required_labels: tuple[str, ...] = ("Owner", "Environment", "DataClassification", "DataResidency")
    placements: frozenset[str] = frozenset()
    """Where providers may work, "cloud:region" each; empty: anywhere inside the boundary."""
    stack_boundaries: dict[str, str] = field(default_factory=dict[str, str])
    """The boundary of other stacks, by the name that a stack reference gives: for names that do not say it."""
    guardrails_here: bool = False
    """Whether account-wide guardrails must stand in this stack; else another one, or the platform, has them."""
    platform_managed: bool = False
    """Whether the stack says that another team looks after what the account has only once."""
    classified: dict[str, str] = field(default_factory=dict[str, str])
    """Types (or patterns) that no table knows, each with its class and the reason."""
    enforcement: dict[str, str] = field(default_factory=dict[str, str])
    transfers: Register = field(default_factory=Register)
    """The transfers that the stack itself declares."""

    @property
    def by_law(self) -> str:
        """Who sets the lower bound of `log_days`, in brackets; empty where nobody does."""
        return f" ({self.log_days_by})" if self.log_days_by else ""
