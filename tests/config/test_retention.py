"""Retention becomes stages in storage classes: always in order, never shorter than a class allows."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from stacks.models import StackConfig
from stacks.retention import stages, storage_classes
from tests.config.conftest import region_in

days = st.integers(min_value=1, max_value=400)
ordered = st.tuples(days, days, days).map(sorted)


@settings(deadline=None)
@given(ordered)
def test_stages_follow_each_other_without_a_gap(numbers: list[int]) -> None:
    hot, cool, delete = numbers
    found = stages("aws", hot, cool, delete)
    assert all(stage.start < stage.end for stage in found)
    assert [stage.start for stage in found[1:]] == [stage.end for stage in found[:-1]]
    if found:
        assert found[0].start == hot or hot == cool == found[0].start
        assert found[-1].end == delete
    assert (not found) == (hot == delete)


@settings(deadline=None)
@given(days, days, days)
def test_what_is_accepted_respects_every_storage_class(hot: int, cool: int, delete: int) -> None:
    retention = {"hot_days": hot, "cool_days": cool, "delete_after_days": delete}
    expected = hot <= cool <= delete and all(
        stage.start >= stage.storage_class.earliest_day
        and stage.end - stage.start >= stage.storage_class.minimum_stay_days
        for stage in stages("aws", hot, cool, delete)
    )
    accepted = False
    with suppress(ValidationError):
        accepted = configured(retention).retention.delete_after_days == delete
    assert accepted == expected


def test_the_facts_of_s3() -> None:
    facts = {kind.name: (kind.earliest_day, kind.minimum_stay_days) for kind in storage_classes("aws")}
    assert facts == {"STANDARD_IA": (30, 30), "GLACIER_IR": (0, 90)}
    assert all(kind.source for kind in storage_classes("aws"))


def configured(retention: dict[str, int]) -> StackConfig:
    return StackConfig.model_validate(
        {
            "environment": "dev",
            "owner": {"team": "t", "cost_center": "c", "contact": "a@example.com"},
            "residency": {"boundary": "eu"},
            "placement": {"cloud": "aws", "region": region_in("DE"), "account_id": "123456789012"},
            "workload": {"events_per_second": {"average": 1, "peak": 1}, "event_bytes": 1},
            "retention": retention,
        }
    )
