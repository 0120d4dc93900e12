"""Partners for a standby never leave the boundary, nor the vendor's world that the region belongs to."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geography
from geography import Boundary, Region

REGIONS = [place for place in geography.regions() if place.kind == "region"]

any_region = st.sampled_from(REGIONS)
any_boundary = st.sampled_from(geography.boundaries())


@settings(deadline=None, max_examples=400)
@given(any_region, any_boundary)
def test_partners_lie_inside_and_lack_nothing(place: Region, boundary: Boundary) -> None:
    wanted = geography.standby_services(place.cloud)
    partners = geography.partners(place.cloud, place.name, boundary.name)
    for each in partners:
        assert boundary.holds(each.region)
        assert each.region.cloud == place.cloud
        assert each.region.partition == place.partition
        assert geography.world(each.region) == geography.world(place)
        assert each.region.name != place.name
        assert not geography.missing(place.cloud, each.region.name, wanted)
        states = {name: geography.availability(place.cloud, name, each.region.name).state for name in wanted}
        assert set(each.unknown) == {name for name, state in states.items() if state == "unknown"}
    ruled = geography.ruled_out(place.cloud, place.name, boundary.name)
    both = [each.region.name for each in (*partners, *ruled)]
    assert sorted(both) == sorted(
        other.name
        for other in REGIONS
        if other.cloud == place.cloud and other.name != place.name and boundary.holds(other)
    )
    assert all(each.reason for each in ruled)


@settings(deadline=None)
@given(any_region, any_boundary)
def test_the_nearest_facts_go_first(place: Region, boundary: Boundary) -> None:
    partners = geography.partners(place.cloud, place.name, boundary.name)
    order = [(each.own_pair, each.same_country, each.region.jurisdiction == place.jurisdiction) for each in partners]
    assert order == sorted(order, reverse=True)
    pair = geography.pair_of(place)
    if pair is not None and boundary.holds(pair):
        assert partners[0].region == pair


def test_another_partition_never_stands_by() -> None:
    apart = [place for place in geography.regions("aws") if place.partition not in {"", "aws"}]
    assert {place.partition for place in apart} >= {"aws-cn", "aws-us-gov", "aws-eusc"}
    for place in apart:
        for boundary in geography.boundaries():
            for each in geography.partners("aws", place.name, boundary.name):
                assert each.region.partition == place.partition
    german = next(place for place in geography.regions("aws") if place.country == "DE" and place.partition == "aws")
    ruled = geography.ruled_out("aws", german.name, "eu")
    assert any("partition aws-eusc" in each.reason for each in ruled)


@pytest.mark.parametrize("cloud", ["azure", "gcp"])
def test_separate_clouds_of_one_vendor_are_apart(cloud: str) -> None:
    apart = [place for place in geography.regions(cloud) if geography.world(place)]
    assert apart
    for place in apart:
        assert place.kind == "region"
        for boundary in geography.boundaries():
            for each in geography.partners(cloud, place.name, boundary.name):
                assert geography.world(each.region) == geography.world(place)
    government = {place.jurisdiction for place in geography.regions("azure") if place.jurisdiction in {"cn", "us-gov"}}
    assert government == {place.jurisdiction for place in geography.regions("azure") if geography.world(place)}


def test_a_service_that_is_missing_rules_a_region_out() -> None:
    service = "storage-zrs"
    lacking = [r for r in REGIONS if r.cloud == "azure" and geography.missing("azure", r.name, (service,))]
    assert lacking
    for place in REGIONS:
        if place.cloud != "azure":
            continue
        found = geography.partners("azure", place.name, place.jurisdiction, (service,))
        assert not {each.region for each in found} & set(lacking)
        reasons = {
            each.region: each.reason
            for each in geography.ruled_out("azure", place.name, place.jurisdiction, (service,))
        }
        for other in set(reasons) & set(lacking):
            assert "Zone-redundant storage" in reasons[other] or "apart from" in reasons[other]


def test_a_country_of_one_region_has_no_partner() -> None:
    alone = [
        place
        for place in REGIONS
        if not any(o.cloud == place.cloud and o.country == place.country and o != place for o in REGIONS)
        and place.jurisdiction not in {"eu", "cn", "us-gov"}
    ]
    assert {place.cloud for place in alone} == set(geography.CLOUDS)
    for place in alone:
        assert geography.partners(place.cloud, place.name, place.jurisdiction) == ()


@pytest.mark.parametrize("cloud", geography.CLOUDS)
def test_each_cloud_says_what_a_standby_copies_and_what_not(cloud: str) -> None:
    found = geography.replication(cloud)
    assert {each.copied for each in found} == {"yes", "no", "by hand"}
    assert len({each.subject for each in found}) == len(found)
    for each in found:
        assert each.text.endswith(".")
        assert each.source


def test_unknown_names_are_told_apart() -> None:
    name = REGIONS[0].name
    with pytest.raises(geography.UnknownRegion):
        geography.partners("gcp", name, "eu")
    with pytest.raises(geography.UnknownBoundary):
        geography.partners("aws", name, "atlantis")


def test_a_standby_needs_what_only_a_standby_uses() -> None:
    for cloud, more in (("aws", ()), ("azure", ("eventhubs-geo-dr",)), ("gcp", ("storage-transfer",))):
        assert geography.standby_services(cloud) == (*geography.services_of(cloud), *more)
        assert geography.services_of(cloud, "standby") == more
        assert not set(more) & set(geography.services_of(cloud))
    assert geography.services_of("gcp", "private") == ("secretmanager-private",)
