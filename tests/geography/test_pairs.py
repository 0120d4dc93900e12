"""Copies that a cloud makes by itself stay inside, or are known to leave."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geography
from geography import Boundary, Region

AZURE = [place for place in geography.regions("azure") if place.kind == "region"]

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
