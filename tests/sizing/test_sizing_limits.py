"""The table of limits: each number read once, with a source, for regions that exist."""

from __future__ import annotations

from collections import Counter

import pytest
from sized import CAPPED, KINESIS, LARGE

import geography
from stacks.sizing.limits import Limit, Limits, _limit, _table

ROWS = [row for rows in _table().values() for row in rows]


def test_every_row_has_a_source_and_a_unit() -> None:
    assert ROWS
    assert not [row for row in ROWS if not row.source.strip() or not row.unit.strip() or row.value <= 0]


def test_no_number_stands_twice() -> None:
    once = [(row.cloud, row.service, row.name, row.region) for row in ROWS if not row.name.endswith(" choice")]
    assert not [key for key, count in Counter(once).items() if count > 1]


def test_rows_name_regions_that_exist() -> None:
    named = {(row.cloud, row.region) for row in ROWS if row.region}
    assert named
    assert named <= {(place.cloud, place.name) for place in geography.regions()}


def test_a_regions_own_row_wins_over_the_row_for_all() -> None:
    assert Limits("aws", LARGE[0]).one(KINESIS, "shards per account and region").value == 20_000
    assert Limits("aws", CAPPED[0]).one(KINESIS, "shards per account and region").value == 1_000
    assert {len(LARGE), len(CAPPED) > 10} == {3, True}


def test_a_limit_that_nobody_entered_is_an_error() -> None:
    with pytest.raises(LookupError, match="no row for aws, Lambda, moon phase"):
        Limits("aws", CAPPED[0]).one("Lambda", "moon phase")
    with pytest.raises(LookupError, match="22 rows where one is read"):
        Limits("aws", CAPPED[0]).one("CloudWatch Logs", "retention choice")


def _row(**changes: str) -> dict[str, str]:
    row = {"cloud": "aws", "service": "S", "limit": "l", "region": "", "value": "1", "unit": "x", "adjustable": "no"}
    return {**row, "confidence": "vendor", "source": "s", **changes}


def test_a_row_is_read_as_written() -> None:
    assert _limit(_row()) == Limit("aws", "S", "l", "", 1, "x", adjustable=False, confidence="vendor", source="s")
    assert str(_limit(_row(region="here"))) == "S: l 1 x in here"


@pytest.mark.parametrize("changes", [{"confidence": "sure"}, {"value": "many"}])
def test_a_malformed_row_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"confidence 'sure' is none of|invalid literal"):
        _limit(_row(**changes))
