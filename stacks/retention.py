"""How long data stays: the stages that a retention means, what a storage class demands, how far a stream looks back."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple, cast


class StorageClass(NamedTuple):
    """A colder storage class of a cloud. `entered_by` is the retention key that gives the day of the move into it.

    Objects cannot move in before `earliest_day` of their life, and are billed for `minimum_stay_days` at least. Those
    are counted from the `entry` into the class until the object moves on or is deleted, or from its `creation` until
    it is deleted (Google Cloud, where a lifecycle rule moves objects on without a charge).
    """

    cloud: str
    name: str
    entered_by: str
    earliest_day: int
    minimum_stay_days: int
    counted_from: Literal["entry", "creation"]
    source: str


class Stage(NamedTuple):
    """Objects lie in `storage_class` from day `start` of their life to day `end`, when they move on or are deleted.

    `last` says that they are deleted then.
    """

    storage_class: StorageClass
    start: int
    end: int
    last: bool

    @property
    def ends_early(self) -> bool:
        """Whether objects leave before the class's minimum stay, so that they are billed for more than they stay."""
        kind = self.storage_class
        if kind.counted_from == "creation":
            return self.last and self.end < kind.minimum_stay_days
        return self.end - self.start < kind.minimum_stay_days

    @property
    def earliest_end(self) -> int:
        """The first day on which objects may leave without being billed for longer."""
        kind = self.storage_class
        return kind.minimum_stay_days + (self.start if kind.counted_from == "entry" else 0)


class Replay(NamedTuple):
    """The longest time, in hours, that any offer of a cloud's stream keeps events; `offer` is the one that does."""

    longest_hours: int
    offer: str
    source: str


def stages(cloud: str, hot_days: int, cool_days: int, delete_after_days: int) -> tuple[Stage, ...]:
    """The colder stages of an object's life on `cloud`, in order, all in days since its creation.

    Two equal numbers mean that the class between them is skipped: 7, 7, 7 is no move at all and deletion on day 7.
    """
    days = {"hot_days": hot_days, "cool_days": cool_days}
    classes = storage_classes(cloud)
    ends = [*(days[c.entered_by] for c in classes[1:]), delete_after_days]
    found = (
        Stage(c, days[c.entered_by], end, last=end == delete_after_days) for c, end in zip(classes, ends, strict=True)
    )
    return tuple(stage for stage in found if stage.end > stage.start)


@cache
def storage_classes(cloud: str) -> tuple[StorageClass, ...]:
    """The colder classes of `cloud`, from warm to cold."""
    return tuple(
        StorageClass(
            row["cloud"],
            row["storage_class"],
            row["entered_by"],
            int(row["earliest_day"]),
            int(row["minimum_stay_days"]),
            cast("Literal['entry', 'creation']", row["counted_from"]),
            row["source"],
        )
        for row in _rows("storage_classes.csv")
        if row["cloud"] == cloud
    )


@cache
def replay(cloud: str) -> Replay:
    """How far the stream of `cloud` can look back at most."""
    row = next(row for row in _rows("replay.csv") if row["cloud"] == cloud)
    return Replay(int(row["longest_hours"]), row["offer"], row["source"])


def _rows(table: str) -> list[dict[str, str]]:
    with (Path(__file__).parent / "data" / table).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
