"""Retention becomes stages in storage classes: always in order, never shorter than a class allows."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import geography
from stacks.models import StackConfig
from stacks.retention import stages, storage_classes
from tests.config.conftest import region_in

days = st.integers(min_value=1, max_value=400)
ordered = st.tuples(days, days, days).map(sorted)


clouds = st.sampled_from(geography.CLOUDS)


@settings(deadline=None)
@given(clouds, ordered)
def test_stages_follow_each_other_without_a_gap(cloud: str, numbers: list[int]) -> None:
    hot, cool, delete = numbers
    found = stages(cloud, hot, cool, delete)
    assert all(stage.start < stage.end for stage in found)
    assert [stage.start for stage in found[1:]] == [stage.end for stage in found[:-1]]
    assert [stage.last for stage in found] == [stage.end == delete for stage in found]
    if found:
        assert found[0].start == hot or hot == cool == found[0].start
        assert found[-1].end == delete
    assert (not found) == (hot == delete)


@settings(deadline=None)
@given(clouds, days, days, days)
def test_what_is_accepted_respects_every_storage_class(cloud: str, hot: int, cool: int, delete: int) -> None:
    retention = {"hot_days": hot, "cool_days": cool, "delete_after_days": delete}
    expected = hot <= cool <= delete
    if expected and cloud != "gcp":
        expected = all(
            stage.start >= stage.storage_class.earliest_day
            and stage.end - stage.start >= stage.storage_class.minimum_stay_days
            for stage in stages(cloud, hot, cool, delete)
        )
    elif expected and hot < delete:
        # Moves are free there: only what is deleted young is billed for longer, judged by the class that it leaves.
        expected = delete >= (90 if cool < delete else 30)
    accepted = False
    with suppress(ValidationError):
        accepted = configured(cloud, retention).retention.delete_after_days == delete
    assert accepted == expected


def test_the_facts_of_each_cloud() -> None:
    facts = {
        (cloud, kind.name): (kind.earliest_day, kind.minimum_stay_days, kind.counted_from)
        for cloud in geography.CLOUDS
        for kind in storage_classes(cloud)
    }
    assert facts == {
        ("aws", "STANDARD_IA"): (30, 30, "entry"),
        ("aws", "GLACIER_IR"): (0, 90, "entry"),
        ("azure", "Cool"): (0, 30, "entry"),
        ("azure", "Cold"): (0, 90, "entry"),
        ("gcp", "NEARLINE"): (0, 30, "creation"),
        ("gcp", "COLDLINE"): (0, 90, "creation"),
    }
    assert all(kind.source for cloud in geography.CLOUDS for kind in storage_classes(cloud))


PLACEMENTS: dict[str, dict[str, str]] = {
    "aws": {"region": region_in("DE"), "account_id": "123456789012"},
    "azure": {
        "region": region_in("NL", "azure"),
        "subscription_id": "00000000-0000-4000-8000-000000000001",
        "tenant_id": "00000000-0000-4000-8000-000000000002",
    },
    "gcp": {"region": region_in("NL", "gcp"), "project_id": "homeshore", "project_number": "123456789012"},
}


def configured(cloud: str, retention: dict[str, int]) -> StackConfig:
    return StackConfig.model_validate(
        {
            "environment": "dev",
            "owner": {"team": "t", "cost_center": "c", "contact": "a@example.com"},
            "residency": {"boundary": "eu"},
            "placement": {"cloud": cloud, **PLACEMENTS[cloud]},
            "workload": {"events_per_second": {"average": 1, "peak": 1}, "event_bytes": 1},
            "retention": retention,
        }
    )
