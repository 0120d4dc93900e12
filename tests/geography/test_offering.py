"""Which service is offered in which region: the tables, the three answers, and what is refused or warned of."""

from __future__ import annotations

import csv
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import geography
from geography import Boundary, Region, Service
from geography.build import __main__ as build

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TABLES = ("endpoints.csv", "documented.csv")
REGIONS = [place for place in geography.regions() if place.kind == "region"]
PRODUCTION: dict[str, list[str]] = yaml.safe_load((HERE / "production.yaml").read_text())


def rows(table: str) -> list[dict[str, str]]:
    with (ROOT / "geography" / table).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def answered(state: str) -> list[tuple[Service, Region]]:
    """Every service and region of its cloud with that answer."""
    return [
        (service, place)
        for place in REGIONS
        for service in geography.services(place.cloud)
        if geography.availability(place.cloud, service.name, place.name).state == state
    ]


@pytest.mark.parametrize("table", TABLES)
def test_every_row_is_complete_and_speaks_once_of_a_region(table: str) -> None:
    seen: set[tuple[str, str, str]] = set()
    for row in rows(table):
        assert row["service"] in {service.name for service in geography.services(row["cloud"])}
        assert row["available"] in {"yes", "no"}
        assert row["confidence"] in {"vendor", "derived"}
        assert row["source"].strip()
        assert date(2020, 1, 1) <= date.fromisoformat(row["as_of"]) <= datetime.now(UTC).date()
        for name in row["regions"].split("+"):
            assert geography.region(row["cloud"], name).kind == "region"
            assert (row["cloud"], row["service"], name) not in seen
            seen.add((row["cloud"], row["service"], name))
    assert seen


def test_the_tables_do_not_contradict_each_other() -> None:
    told: dict[tuple[str, str, str], set[str]] = {}
    for row in [*rows("endpoints.csv"), *rows("documented.csv")]:
        for name in row["regions"].split("+"):
            told.setdefault((row["cloud"], row["service"], name), set()).add(row["available"])
    assert not [key for key, states in told.items() if len(states) > 1]


def test_services_are_named_once_and_each_cloud_uses_some() -> None:
    names = [(service.cloud, service.name) for service in geography.services()]
    assert len(names) == len(set(names))
    for service in geography.services():
        assert service.title
        assert service.use in {"always", "tier", "redundancy", "standby", "private"}
    for cloud in geography.CLOUDS:
        assert len(geography.services_of(cloud)) >= 8


def test_every_region_has_an_answer_for_every_service() -> None:
    for place in REGIONS:
        for service in geography.services(place.cloud):
            answer = geography.availability(place.cloud, service.name, place.name)
            assert answer.state in geography.STATES
            assert answer.source
            assert (answer.as_of is None) == (answer.state == "unknown")


@pytest.mark.parametrize("cloud", geography.CLOUDS)
def test_production_regions_have_everything_a_stack_uses(cloud: str) -> None:
    assert len(PRODUCTION[cloud]) == 3
    for name in PRODUCTION[cloud]:
        answers = {service: geography.availability(cloud, service, name) for service in geography.services_of(cloud)}
        assert {answer.state for answer in answers.values()} == {"yes"}, (name, answers)


def test_no_stack_file_here_stands_where_a_service_is_missing() -> None:
    files = sorted(ROOT.glob("Pulumi.*.yaml"))
    assert files
    for file in files:
        place = yaml.safe_load(file.read_text())["config"]["homeshore:placement"]
        assert not geography.missing(place["cloud"], place["region"], geography.services_of(place["cloud"])), file.name


@pytest.mark.parametrize("boundary", [None, *geography.boundaries()])
def test_a_known_no_is_refused_with_near_regions_that_have_it(boundary: Boundary | None) -> None:
    refused = answered("no")
    assert {service.cloud for service, _ in refused} == {"azure"}
    for service, place in refused:
        (found,) = geography.unavailable(place.cloud, place.name, (service.name,), boundary=boundary)
        assert found.service == service
        assert service.title in found.text
        assert place.name in found.text
        assert found.as_of in found.text
        assert list(found.near[:1]) == [name for name in found.near[:1] if name in found.text]
        for name in found.near:
            other = geography.region(place.cloud, name)
            assert boundary is None or boundary.holds(other)
            assert geography.world(other) == geography.world(place)
            assert geography.availability(place.cloud, service.name, name).state == "yes"
        assert not geography.unconfirmed(place.cloud, place.name, (service.name,))


def test_what_no_source_says_is_warned_of_and_never_refused() -> None:
    unknown = answered("unknown")
    assert {service.cloud for service, _ in unknown} == set(geography.CLOUDS)
    for service, place in unknown:
        assert not geography.missing(place.cloud, place.name, (service.name,))
        assert not geography.unavailable(place.cloud, place.name, (service.name,))
        (warned,) = geography.unconfirmed(place.cloud, place.name, (service.name,))
        assert service.title in warned.text
        assert place.name in warned.text


def test_regions_that_the_sdk_does_not_know_yet_are_unknown_not_absent() -> None:
    unlisted = [place for service, place in answered("unknown") if service.cloud == "aws"]
    assert unlisted
    for place in unlisted:
        assert len(geography.unconfirmed("aws", place.name, geography.services_of("aws"))) == len(
            geography.services_of("aws")
        )


@settings(deadline=None)
@given(st.sampled_from(REGIONS), st.sampled_from(geography.boundaries()))
def test_neighbours_are_near_and_inside(place: Region, boundary: Boundary) -> None:
    found = geography.neighbours(place, boundary)
    assert place not in found
    assert set(found) == {
        other
        for other in REGIONS
        if other.cloud == place.cloud
        and other.name != place.name
        and boundary.holds(other)
        and geography.world(other) == geography.world(place)
    }
    closeness = [
        (other.name == place.paired_region, other.country == place.country, other.jurisdiction == place.jurisdiction)
        for other in found
    ]
    assert closeness == sorted(closeness, reverse=True)


def test_an_unknown_service_names_near_ones() -> None:
    with pytest.raises(geography.UnknownService) as raised:
        geography.availability("aws", "kinessis", PRODUCTION["aws"][0])
    assert raised.value.suggestions == ("kinesis",)
    with pytest.raises(geography.UnknownRegion):
        geography.availability("aws", "kinesis", PRODUCTION["gcp"][0])


def test_the_written_table_is_fresh() -> None:
    assert build.faults() == []


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        (f"+{PRODUCTION['aws'][1]}", "", "botocore"),
        (f"{build.CLIENT} {build.pinned()}", f"{build.CLIENT} 0.0.1", build.CLIENT),
    ],
    ids=["a region taken out by hand", "another version of the source"],
)
def test_a_stale_table_is_told(old: str, new: str, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = tmp_path / "endpoints.csv"
    text = build.TABLE.read_text(encoding="utf-8")
    assert old in text
    table.write_text(text.replace(old, new), encoding="utf-8")
    monkeypatch.setattr(build, "TABLE", table)
    (fault,) = build.faults()
    assert named in fault
    assert "python -m geography.build --write" in fault


def test_it_is_imported_on_first_use_and_needs_no_sdk() -> None:
    code = (
        "import sys, geography; before = 'geography.offering' in sys.modules;"
        "geography.services_of('aws'); geography.partners('aws', sys.argv[1], sys.argv[2]);"
        "print(before, *sorted(m for m in sys.modules if '.' not in m))"
    )
    name = PRODUCTION["aws"][0]
    boundary = geography.region("aws", name).jurisdiction
    command = [sys.executable, "-S", "-c", code, name, boundary]
    told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    before, *loaded = told.stdout.split()
    assert before == "False"
    assert not set(loaded) & {"botocore", "pydantic", "pulumi", "yaml", "dataclasses", "inspect"}


def test_an_unknown_name_of_the_package_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nowhere'"):
        geography.nowhere  # noqa: B018
    for name in geography.__all__:
        assert getattr(geography, name) is not None
