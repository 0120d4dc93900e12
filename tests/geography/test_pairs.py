"""Copies that a cloud makes by itself stay inside, or are known to leave."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geography
from geography import Boundary, Region

AZURE = [place for place in geography.regions("azure") if place.kind == "region"]
GOOGLE = [place for place in geography.regions("gcp") if place.kind == "region"]

any_boundary = st.sampled_from(geography.boundaries())


def home(place: Region) -> Boundary:
    return geography.boundary(place.jurisdiction)


def test_pairs_that_leave_home_are_flagged() -> None:
    leaving = [place for place in AZURE if geography.pair_outside(place, home(place)) is not None]
    assert {place.country for place in leaving} == {"BR", "HK", "SG"}
    for place in leaving:
        found = geography.redundancy(place, home(place))
        assert not found.inside
        assert not {"GRS", "GZRS"} & set(found.kinds)


@settings(deadline=None)
@given(st.sampled_from(AZURE), any_boundary)
def test_geo_redundancy_is_offered_only_where_both_copies_are_inside(place: Region, boundary: Boundary) -> None:
    found = geography.redundancy(place, boundary)
    pair = geography.pair_of(place)
    assert found.pair == pair
    assert ("GRS" in found.kinds) == (pair is not None and boundary.holds(pair)) == found.inside
    assert ("GZRS" in found.kinds) == ("GRS" in found.kinds and found.zones == "yes")
    assert ("ZRS" in found.kinds) == (found.zones == "yes")
    assert found.kinds[0] == "LRS"
    outside = geography.pair_outside(place, boundary)
    assert (outside is None) == (pair is None or boundary.holds(pair))


def test_some_azure_regions_have_zones_and_some_have_none() -> None:
    assert {geography.redundancy(place, home(place)).zones for place in AZURE} == {"yes", "no", "unknown"}


@pytest.mark.parametrize("cloud", ["aws", "gcp"])
def test_only_azure_copies_to_a_pair(cloud: str) -> None:
    place = geography.regions(cloud)[0]
    assert geography.pair_of(place) is None
    assert geography.pair_outside(place, home(place)) is None
    with pytest.raises(ValueError, match="only Azure"):
        geography.redundancy(place, home(place))


@settings(deadline=None)
@given(st.sampled_from(GOOGLE), any_boundary)
def test_dual_regions_lie_inside_with_both_halves(place: Region, boundary: Boundary) -> None:
    for found in geography.dual_regions(place, boundary):
        first, second = found.regions
        assert first == place.name != second
        assert boundary.holds(place)
        assert boundary.holds(geography.region("gcp", second))
        assert found.placement in ((), found.regions)
        assert geography.dual_region(second, first) == found._replace(
            regions=(second, first), placement=found.placement[::-1]
        )


def test_predefined_dual_regions_agree_with_the_table_of_regions() -> None:
    found = {
        each.location: each
        for place in GOOGLE
        for other in GOOGLE
        if (each := geography.dual_region(place.name, other.name)) is not None and not each.placement
    }
    assert len(found) == 6
    for location, each in found.items():
        listed = geography.region("gcp", location)
        assert listed.kind == "multi-region"
        countries = {geography.region("gcp", name).country for name in each.regions}
        assert set(listed.country.split("+")) == countries
    leaving = {name for name in found if "uk" in geography.region("gcp", name).jurisdiction.split("+")}
    assert len(leaving) == 2


def test_two_regions_of_one_country_take_the_smallest_location() -> None:
    for country, location in (("DE", "DE"), ("IT", "IT"), ("IN", "IN"), ("AU", "AU"), ("CA", "CA"), ("JP", "ASIA1")):
        here = [place for place in GOOGLE if place.country == country]
        found = geography.dual_region(here[0].name, here[1].name)
        assert found is not None
        assert (found.location, found.certain) == (location, True)


def test_what_cannot_be_paired_is_not() -> None:
    assert geography.dual_region(GOOGLE[0].name, GOOGLE[0].name) is None
    african = next(place for place in GOOGLE if place.country == "ZA")
    assert all(geography.dual_region(african.name, place.name) is None for place in GOOGLE)
    with pytest.raises(geography.UnknownRegion):
        geography.dual_region(african.name, "nowhere")


def test_a_pair_with_an_unread_footnote_is_not_certain() -> None:
    american = [place.name for place in GOOGLE if place.country == "US"]
    pairs = [geography.dual_region(first, second) for first in american for second in american if first != second]
    assert all(pairs)
    assert {pair.certain for pair in pairs if pair is not None} == {True, False}


def test_what_spans_two_regions_agrees_with_the_services() -> None:
    for place in GOOGLE:
        spans = any(geography.dual_region(place.name, other.name) for other in GOOGLE)
        state = geography.availability("gcp", "storage-dual-region", place.name).state
        assert spans == (state == "yes"), place.name
