"""How long data stays in which storage class: the stages that a retention means, and what a class demands of them."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple


class StorageClass(NamedTuple):
    """A colder storage class of a cloud. `entered_by` is the retention key that gives the day of the move into it.

    Objects cannot move in before `earliest_day` of their life, and are billed for `minimum_stay_days` there at least.
    """

    cloud: str
    name: str
    entered_by: str
    earliest_day: int
    minimum_stay_days: int
    source: str


class Stage(NamedTuple):
    """Objects lie in `storage_class` from day `start` of their life to day `end`, when they move on or are deleted."""

    storage_class: StorageClass
    start: int
    end: int


def stages(cloud: str, hot_days: int, cool_days: int, delete_after_days: int) -> tuple[Stage, ...]:
    """The colder stages of an object's life on `cloud`, in order, all in days since its creation.

    Two equal numbers mean that the class between them is skipped: 7, 7, 7 is no move at all and deletion on day 7.
    """
    days = {"hot_days": hot_days, "cool_days": cool_days}
    classes = storage_classes(cloud)
    ends = [*(days[c.entered_by] for c in classes[1:]), delete_after_days]
    found = (Stage(c, days[c.entered_by], end) for c, end in zip(classes, ends, strict=True))
    return tuple(stage for stage in found if stage.end > stage.start)


@cache
def storage_classes(cloud: str) -> tuple[StorageClass, ...]:
    """The colder classes of `cloud`, from warm to cold."""
    with (Path(__file__).parent / "data" / "storage_classes.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            StorageClass(
                row["cloud"],
                row["storage_class"],
                row["entered_by"],
                int(row["earliest_day"]),
                int(row["minimum_stay_days"]),
                row["source"],
            )
            for row in csv.DictReader(file)
            if row["cloud"] == cloud
        )
