"""Each of the thirty ways is found on each cloud, by the rule that is about it; brought home, it is not."""

from __future__ import annotations

import pytest

from policies.judge import judge
from tests.policies.ways.loader import CLOUDS, Way, names, ways

EVERY = tuple(ways())
THERE = tuple(one for one in EVERY if not one.none)
MIGHT = 30
UNTOLD = {"SOV-X-002"}
"""The label that says the boundary: the resources here carry none, to stay small."""


def sovereignty(way: Way, *, home: bool = False) -> set[str]:
    """The rules of sovereignty, and the one that fails closed, that find something."""
    described = way.home if home else way.broken
    found = {one.rule.id for one in judge(way.stack(described or [])).failed}
    return {one for one in found if one.startswith(("SOV-", "CLS-"))} - UNTOLD


@pytest.mark.parametrize("way", THERE, ids=lambda way: f"{way.cloud}: {way.name}")
def test_the_right_rule_finds_the_way(way: Way) -> None:
    assert way.rule in sovereignty(way)


@pytest.mark.parametrize("way", [one for one in THERE if one.home], ids=lambda way: f"{way.cloud}: {way.name}")
def test_at_home_the_rule_says_nothing(way: Way) -> None:
    assert way.rule not in sovereignty(way, home=True)


@pytest.mark.parametrize("way", [one for one in THERE if one.home is None], ids=lambda way: f"{way.cloud}: {way.name}")
def test_what_has_no_home_fails_closed(way: Way) -> None:
    assert sovereignty(way) == {"CLS-X-001"}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_cloud_has_an_entry_for_every_way(cloud: str) -> None:
    assert len(names()) == MIGHT
    assert [one.name for one in EVERY if one.cloud == cloud] == list(names())


def test_an_entry_says_why_or_shows_how() -> None:
    assert [f"{one.cloud}: {one.name}" for one in EVERY if bool(one.none) == ("resources" in one.entry)] == []
