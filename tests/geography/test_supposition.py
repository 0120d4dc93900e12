"""What if: each sentence changes what it says and nothing else, and nothing outlives its block."""

from __future__ import annotations

import threading
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geography
from policies.places import place

OWN = geography.tables()


def region_in(jurisdiction: str, cloud: str = "aws") -> geography.Region:
    return next(one for one in geography.regions(cloud) if one.kind == "region" and one.jurisdiction == jurisdiction)


def changed_boundaries(tables: geography.Tables) -> set[str]:
    return {name for name, one in tables.boundaries.items() if one != OWN.boundaries[name]}


def changed_regions(tables: geography.Tables) -> set[tuple[str, str]]:
    return {key for key, one in OWN.regions.items() if tables.regions.get(key) != one}


def test_not_adequate_takes_its_union_apart() -> None:
    tables = geography.supposing(["uk not adequate"])
    assert changed_boundaries(tables) == {"eu+uk", "eu+ch+uk", "eea+uk", "eea+ch+uk"}
    assert changed_regions(tables) == set()
    assert tables.severed == {(here, "uk") for here in ("eu", "is", "li", "no", "ch")}
    with geography.supposed(tables):
        assert geography.area("uk+eu").jurisdictions == {"eu"}
        assert geography.area("jp+uk+eu").jurisdictions == {"jp", "eu"}  # in no table
        assert "GB" not in geography.boundary("eu+uk").countries
        assert geography.boundary("uk").countries == {"GB"}
        assert geography.adequate("eu", "uk") is None
        assert geography.adequate("uk", "eu") is not None
        assert "no decision" in geography.refusal(geography.area("eu"), "adequacy", geography.area("uk"))
        assert geography.refusal(geography.area("eu"), "scc", geography.area("uk")) == ""


def test_not_adequate_for_one_leaves_the_others() -> None:
    tables = geography.supposing(["us not adequate for eu"])
    assert tables.severed == {("eu", "us")}
    with geography.supposed(tables):
        assert geography.adequate("uk", "us") is not None


def test_a_member_state_leaves_with_its_regions() -> None:
    tables = geography.supposing(["fr leaves eu"])
    french = {key for key, one in OWN.regions.items() if "FR" in one.country.split("+")}
    assert french
    assert changed_regions(tables) == french
    with geography.supposed(tables):
        assert not geography.boundary("eu").holds_country("FR")
        assert not geography.boundary("eea").holds_country("FR")
        assert not geography.boundary("eu").holds(region_in("fr"))
        assert geography.boundary("fr").holds(region_in("fr"))
        assert geography.boundary("de").holds_country("DE")


def test_a_jurisdiction_leaves_the_unions_that_hold_that_union() -> None:
    tables = geography.supposing(["no leaves eea"])
    assert changed_boundaries(tables) == {"eea", "eea+ch", "eea+uk", "eea+ch+uk"}
    assert tables.boundaries["eea"].jurisdictions == {"eu", "is", "li"}


def test_a_region_moves_or_is_no_more() -> None:
    london = region_in("uk")
    tables = geography.supposing([f"aws {london.name} in us"])
    assert changed_regions(tables) == {("aws", london.name)}
    assert tables.regions["aws", london.name] == london._replace(jurisdiction="us", country="US")
    pair = next(one for one in geography.regions("azure") if one.jurisdiction == "uk" and one.paired_region)
    tables = geography.supposing([f"no azure {pair.paired_region}"])
    assert ("azure", pair.paired_region) not in tables.regions
    assert tables.regions["azure", pair.name].paired_region is None


def test_several_sentences_follow_each_other() -> None:
    london = region_in("uk").name
    together = geography.supposing([f"uk not adequate, aws {london} is us"])
    apart = geography.supposing(["uk not adequate", f"aws {london} in us"])
    assert (together.regions, together.boundaries, together.severed) == (
        apart.regions,
        apart.boundaries,
        apart.severed,
    )
    assert changed_boundaries(together)
    assert changed_regions(together)


@pytest.mark.parametrize(
    ("sentence", "problem", "suggestion"),
    [
        ("ukk not adequate", "there is no jurisdiction, country or boundary 'ukk'", "uk"),
        ("germany not adequate", "there is no jurisdiction", "de"),
        ("jp not adequate for us", "no decision of United States accepts", None),
        ("mx not adequate", "no decision accepts transfers to Mexico", None),
        ("eu+uk not adequate", "is a union", None),
        ("uk leaves eu", "is no part of", None),
        ("eu leaves eu", "is no part of", None),
        (
            "hu leaves eea",
            "Norway) through eu",
            "hu leaves eu",
        ),
        ("no aws nowhere-1", "aws has no region 'nowhere-1'", None),
        ("ibm west in us", "there is no cloud 'ibm'", None),
        ("uk is not adequate", "it has none of the forms", "JURISDICTION not adequate"),
        ("uk not adeqate", "it has none of the forms", "JURISDICTION not adequate"),
        ("", "it has none of the forms", None),
    ],
)
def test_what_nobody_can_suppose(sentence: str, problem: str, suggestion: str | None) -> None:
    with pytest.raises(geography.Unheard) as raised:
        geography.supposing([sentence])
    assert problem in raised.value.problem
    assert raised.value.suggestions[:1] == (() if suggestion is None else (suggestion,))


def test_nothing_outlives_its_block_or_reaches_another_thread() -> None:
    london = region_in("uk")
    tables = geography.supposing(["uk not adequate", f"no aws {london.name}"])
    seen: list[object] = []
    before = place("aws", london.name)
    with geography.supposed(tables):
        assert place("aws", london.name) is None
        other = threading.Thread(target=lambda: seen.append((place("aws", london.name), geography.tables())))
        other.start()
        other.join()
        with geography.supposed(OWN):
            assert place("aws", london.name) == before
        assert geography.tables() is tables
    assert seen == [(before, OWN)]
    assert geography.tables() is OWN
    assert place("aws", london.name) == before
    assert geography.boundary("eu+uk").countries >= {"GB", "DE"}


def test_a_block_that_fails_is_left_too() -> None:
    with pytest.raises(ZeroDivisionError), geography.supposed(geography.supposing(["uk not adequate"])):
        raise ZeroDivisionError
    assert geography.tables() is OWN


words = st.sampled_from(
    [
        *(
            "uk",
            "eu",
            "us",
            "no",
            "hu",
            "eea",
            "not",
            "adequate",
            "for",
            "leaves",
            "in",
            "is",
            "aws",
            "azure",
            ",",
            "x",
        ),
        *(region_in("uk").name, region_in("us", "azure").name),
    ]
)


@settings(deadline=None)
@given(st.lists(words, max_size=7).map(" ".join))
def test_any_sentence_is_supposed_or_refused_and_changes_nothing_here(sentence: str) -> None:
    tables = OWN
    with suppress(geography.Unheard):
        tables = geography.supposing([sentence])
    assert set(tables.boundaries) == set(OWN.boundaries)
    assert all(one.jurisdictions and one.countries for one in tables.boundaries.values())
    assert geography.tables() is OWN
    assert OWN.boundaries["eu+uk"].jurisdictions == {"eu", "uk"}
