"""Whose law accepts transfers to where, on which basis, and what a place's law asks: rows with sources, exact sets."""

from __future__ import annotations

import datetime

import pytest

import geography
from geography.places import read
from stacks.sizing.limits import Limits

ROWS = geography.adequacy()
GROUNDS = read("grounds.csv")


def test_the_decisions_are_these() -> None:
    found: dict[str, set[str]] = {}
    for row in ROWS:
        found.setdefault(row.here, set()).add(row.there)
    assert found == {
        "eea": {"eea", "br", "ca", "ch", "il", "jp", "kr", "nz", "uk", "us"},
        "uk": {"eea", "ca", "ch", "il", "jp", "kr", "nz", "us"},
        "ch": {"eea", "ca", "il", "nz", "uk", "us"},
        "br": {"eea"},
        "kr": {"eea"},
    }
    assert len(ROWS) == sum(map(len, found.values()))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.here}-{row.there}")
def test_each_decision_says_when_and_by_what(row: geography.Adequacy) -> None:
    for name in (row.here, row.there):
        assert geography.boundary(name).name == name
    assert row.basis == ("same law" if row.here == row.there else "adequacy")
    assert datetime.date(2000, 1, 1) <= row.since < (row.until or datetime.date.max)
    assert any(character.isdigit() for character in row.source)


def test_a_decision_holds_from_its_day_to_its_end() -> None:
    decision = geography.adequate("eu", "uk")
    assert decision is not None
    days = ["2021-06-27", "2021-06-28", "2031-12-27", "2031-12-28"]
    assert [decision.holds(datetime.date.fromisoformat(day)) for day in days] == [False, True, True, False]


def test_a_union_that_decides_as_one_does_so_for_each_member() -> None:
    assert {geography.adequate(here, "jp") for here in ("eu", "is", "li", "no")} == {geography.adequate("eu", "jp")}
    assert geography.adequate("eu", "no") == geography.adequate("no", "eu")
    assert geography.adequate("jp", "eu") is None


def test_each_ground_has_a_law_a_source_and_a_known_reach() -> None:
    assert {row["basis"] for row in GROUNDS} == set(geography.BASES)
    assert len({(row["from"], row["basis"]) for row in GROUNDS}) == len(GROUNDS)
    reach = {"adequacy": "place+flow", "scc": "flow", "bcr": "flow", "consent": "", "derogation": ""}
    for row in GROUNDS:
        assert row["law"]
        assert row["source"]
        assert row["lowers"] == reach[row["basis"]]


@pytest.mark.parametrize(
    ("inside", "basis", "there", "refused"),
    [
        ("eu", "adequacy", "uk", ""),
        ("de", "adequacy", "fr", ""),
        ("eu+uk", "adequacy", "ch", ""),
        ("eu", "scc", "in", ""),
        ("eu", "adequacy", "in", "accepts transfers to India (geography/adequacy.csv)"),
        ("eu+ch", "adequacy", "jp", "no decision of Switzerland"),
        ("eu", "adequacy", "uk+in", "accepts transfers to India"),
        ("eu", "adequacy", "de", "lies inside"),
        ("eu", "scc", "eu", "lies inside"),
        ("us", "scc", "eu", "no law of United States"),
        ("eu+us", "scc", "jp", "no law of United States"),
        ("eu", "handshake", "uk", "on the basis 'handshake'"),
    ],
)
def test_what_a_boundary_accepts(inside: str, basis: str, there: str, refused: str) -> None:
    told = geography.refusal(geography.area(inside), basis, geography.area(there))
    assert refused in told
    assert bool(told) == bool(refused)


def test_a_union_lowers_what_all_of_its_members_lower() -> None:
    assert geography.lowers(geography.area("eu+uk"), "adequacy") == {"place", "flow"}
    assert geography.lowers(geography.area("eu+br"), "scc") == {"flow"}
    assert geography.lowers(geography.area("eu+us"), "scc") == set()


def test_the_duties_are_these() -> None:
    assert {(one.jurisdiction, one.parameter, one.value) for one in geography.duties(["in", "cn", "us-gov", "eu"])} == {
        ("in", "log_days_at_least", 180),
        ("cn", "log_days_at_least", 184),
        ("us-gov", "log_days_at_least", 90),
    }
    assert all(one.why and one.source for one in geography.duties(["in", "cn", "us-gov"]))
    assert geography.keeps_logs(["eu", "us"]) is None
    longest = geography.keeps_logs(["in", "cn"])
    assert longest is not None
    assert longest.value == 184


def test_a_plan_asks_for_the_duties_of_its_place() -> None:
    place = next(one for one in geography.regions("aws") if one.jurisdiction == "in")
    assert Limits("aws", place.name).jurisdictions == ("in",)
