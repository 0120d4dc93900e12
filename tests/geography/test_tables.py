"""The tables of regions and boundaries: what they must say, and that they agree with each other."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geography
from geography import Boundary, Region

REGIONS = geography.regions()
BOUNDARIES = geography.boundaries()
MEMBER_STATES = frozenset(
    code
    for line in (
        ("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
        ("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    )
    for code in line
)
UNIONS = [b for b in BOUNDARIES if "+" in b.name]

any_region = st.sampled_from(REGIONS)
any_boundary = st.sampled_from(BOUNDARIES)


def in_country(cloud: str, country: str) -> list[Region]:
    return [r for r in geography.regions(cloud) if r.kind == "region" and r.country == country]


def test_the_european_union_is_its_27_member_states_and_nothing_else() -> None:
    assert geography.boundary("eu").countries == MEMBER_STATES


@pytest.mark.parametrize("country", ["GB", "CH", "NO"])
def test_european_neighbours_with_misleading_names_are_outside_the_union(country: str) -> None:
    places = [place for cloud in geography.CLOUDS for place in in_country(cloud, country)]
    assert places
    assert not any(geography.boundary("eu").holds(place) for place in places)


def test_the_economic_area_adds_three_countries() -> None:
    assert geography.boundary("eea").countries - MEMBER_STATES == {"IS", "LI", "NO"}
    assert all(geography.boundary("eea").holds(place) for place in in_country("azure", "NO"))


@pytest.mark.parametrize(
    "name",
    ["eu", "eea", "uk", "ch", "us", "us-gov", "jp", "sg", "au", "in", "ca", "br", "kr", "no", "eu+uk", "eu+ch"],
)
def test_a_boundary_that_stack_files_use_exists(name: str) -> None:
    assert geography.boundary(name).name == name


def test_every_jurisdiction_is_a_boundary_of_its_own() -> None:
    for name in {part for place in REGIONS if place.kind != "global" for part in place.jurisdiction.split("+")}:
        assert geography.boundary(name).jurisdictions == {name}


def test_a_government_cloud_is_not_the_commercial_one() -> None:
    government = [place for place in geography.regions("aws") if place.jurisdiction == "us-gov"]
    assert government
    assert not any(geography.boundary("us").holds(place) for place in government)
    assert all(geography.boundary("us+us-gov").holds(place) for place in government)
    assert {place.partition for place in government} == {"aws-us-gov"}


def test_single_member_states_hold_their_own_regions_only() -> None:
    germany = geography.boundary("de")
    assert all(germany.holds(place) for place in in_country("aws", "DE"))
    assert not any(germany.holds(place) for place in in_country("aws", "IE"))
    everywhere = next(r for r in geography.regions("gcp") if r.kind == "multi-region" and not r.country)
    assert not germany.holds(everywhere)


@settings(deadline=None)
@given(any_boundary)
def test_a_global_location_is_inside_no_boundary(boundary: Boundary) -> None:
    assert not any(boundary.holds(place) for place in REGIONS if place.kind == "global")


@settings(deadline=None)
@given(any_boundary, any_region)
def test_what_lies_inside_has_its_whole_jurisdiction_and_its_countries_inside(
    boundary: Boundary, place: Region
) -> None:
    parts = frozenset(place.jurisdiction.split("+"))
    expected = parts <= boundary.jurisdictions and all(
        boundary.holds_country(code) for code in place.country.split("+") if code
    )
    if place.country:
        assert boundary.holds(place) == expected
    else:
        assert not boundary.holds(place) or expected


@settings(deadline=None)
@given(st.sampled_from(UNIONS), any_region)
def test_a_union_holds_what_any_of_its_members_holds(union: Boundary, place: Region) -> None:
    members = [geography.boundary(name) for name in union.jurisdictions]
    if any(member.holds(place) for member in members):
        assert union.holds(place)
    assert union.countries == frozenset[str]().union(*(member.countries for member in members))


@settings(deadline=None)
@given(any_boundary, any_boundary, any_region)
def test_a_wider_boundary_holds_at_least_as_much(inner: Boundary, outer: Boundary, place: Region) -> None:
    if inner.jurisdictions <= outer.jurisdictions and inner.countries <= outer.countries and inner.holds(place):
        assert outer.holds(place)


@settings(deadline=None)
@given(any_boundary, st.text(max_size=3))
def test_only_listed_country_codes_are_inside(boundary: Boundary, code: str) -> None:
    assert boundary.holds_country(code) == (code in boundary.countries)
    assert not boundary.holds_country(code.lower())


def test_every_row_is_complete() -> None:
    names = [(place.cloud, place.name) for place in REGIONS]
    assert len(names) == len(set(names))
    for place in REGIONS:
        assert place.cloud in geography.CLOUDS
        assert place.kind in {"region", "multi-region", "global"}
        assert place.notes, f"{place.name} states no source"
        if place.kind == "region":
            assert len(place.country) == 2
            assert any(boundary.holds(place) for boundary in BOUNDARIES)
        assert bool(place.partition) == (place.cloud == "aws" and place.kind == "region")
        if place.paired_region:
            geography.region(place.cloud, place.paired_region)


def test_pairs_that_leave_their_jurisdiction_are_known() -> None:
    leaving = {
        place.country
        for place in REGIONS
        if place.paired_region and geography.region(place.cloud, place.paired_region).jurisdiction != place.jurisdiction
    }
    assert leaving == {"BR", "HK", "SG"}


def test_an_unknown_region_names_near_ones_and_other_clouds() -> None:
    german = in_country("aws", "DE")[0].name
    with pytest.raises(geography.UnknownRegion) as raised:
        geography.region("aws", german.upper())
    assert german in raised.value.suggestions
    dutch = in_country("azure", "NL")[0].name
    with pytest.raises(geography.UnknownRegion) as raised:
        geography.region("aws", dutch)
    assert raised.value.clouds == ("azure",)


@pytest.mark.parametrize(
    ("asked", "meant"), [("EU", "eu"), ("germany", "de"), ("gb", "uk"), ("europe", "eea"), ("uss", "us")]
)
def test_an_unknown_boundary_suggests_what_was_meant(asked: str, meant: str) -> None:
    with pytest.raises(geography.UnknownBoundary) as raised:
        geography.boundary(asked)
    assert meant in raised.value.suggestions


def test_importing_it_pulls_in_nothing_heavy() -> None:
    code = (
        "import sys; before = set(sys.modules); import geography; geography.boundary('eu');"
        "print(*sorted(set(sys.modules) - before))"
    )
    told = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True, cwd=".")
    loaded = set(told.stdout.split())
    assert "geography.places" in loaded
    assert not loaded & {"dataclasses", "inspect", "difflib", "tomllib", "pydantic", "pulumi", "yaml"}
