"""Whether a provider changes an input in place or makes the resource anew: providers decide, this is what is known."""

from __future__ import annotations

import csv
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

TABLE: Final = Path(__file__).parent / "data" / "replacing.csv"
_INDEX: Final = re.compile(r"\[[^\]]*\]")


class Effect(Enum):
    """What a change of an input does to its resource."""

    UPDATE = "update"
    REPLACE = "replace"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Ruling:
    """An effect and who says so ("" where nobody does)."""

    effect: Effect
    source: str = ""


NOBODY_SAYS: Final = Ruling(Effect.UNKNOWN)


def ruling(type_: str, path: str) -> Ruling:
    """What the table says of a change at `path` (`sku.capacity`, `rules[0].id`) of a resource of `type_`.

    The longest path that is listed counts, and a type before its whole package (`azure-native:*`).
    """
    parts = _INDEX.sub("", path).split(".")
    package = type_.partition(":")[0]
    # Azure's tokens may carry the version of an API: azure-native:storage/v20230101:StorageAccount.
    kind = re.sub(r"/v\d+\w*:", ":", type_) if package == "azure-native" else type_
    for token in (kind, f"{package}:*"):
        for length in range(len(parts), 0, -1):
            found = _table().get((token, ".".join(parts[:length])))
            if found is not None:
                return found
    return NOBODY_SAYS


@functools.cache
def _table() -> Mapping[tuple[str, str], Ruling]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {
            (row["type"], key): Ruling(Effect(row["effect"]), row["source"])
            for row in csv.DictReader(file)
            for key in row["keys"].split()
        }


def matches(pattern: str, path: str) -> bool:
    """Whether a pattern of the option `replaceOnChanges` or `ignoreChanges` covers `path` or something above it.

    `a.b` covers `a.b[0].c`; `*` stands for one key or one index: `a[*].c`, `*`.
    """
    wanted, given = _segments(pattern), _segments(path)
    return len(wanted) <= len(given) and all(want in ("*", have) for want, have in zip(wanted, given, strict=False))


def _segments(path: str) -> list[str]:
    return [part.strip("\"'") for part in re.split(r"\.|\[|\]", path) if part]
