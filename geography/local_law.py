"""What the law of a place asks beyond keeping data in: few rows, each with its source; they tighten, never loosen."""

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from geography.places import read


class Duty(NamedTuple):
    """A duty of whoever works in a jurisdiction: `value` bounds `parameter` of the policies (days)."""

    jurisdiction: str
    parameter: str
    value: int
    why: str
    source: str


LOG_DAYS = "log_days_at_least"


def duties(jurisdictions: Iterable[str]) -> tuple[Duty, ...]:
    """The duties of what stands in the jurisdictions, in the table's order."""
    named = frozenset(jurisdictions)
    return tuple(one for one in _duties() if one.jurisdiction in named)


def keeps_logs(jurisdictions: Iterable[str]) -> Duty | None:
    """The duty to keep logs longest of those in the jurisdictions; None where no row asks for any time."""
    asked = (one for one in duties(jurisdictions) if one.parameter == LOG_DAYS)
    return max(asked, key=lambda one: one.value, default=None)


@cache
def _duties() -> tuple[Duty, ...]:
    return tuple(
        Duty(row["boundary"], row["parameter"], int(row["value"]), row["why"], row["source"])
        for row in read("duties.csv")
    )
