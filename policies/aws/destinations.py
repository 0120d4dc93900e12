"""Where data of AWS resources goes: each row of data/aws_destinations.csv is an input that opens a path."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from policies.aws.whereabouts import (
    INSIDE,
    NOWHERE,
    UNKNOWN,
    Verdict,
    Whereabouts,
    allowed,
    arn,
    of_arn,
    of_bucket,
    of_host,
    of_key,
    of_region,
    of_resources,
)
from policies.places import place
from policies.rules import Case, Check, Said, rule
from policies.values import Reading, State

TABLE: Final = Path(__file__).parents[1] / "data" / "aws_destinations.csv"
BUILT_IN_CONNECTIONS: Final = ("aws:redshift", "aws:s3tables")
LOCATION: Final = re.compile(r"s3[an]?://[a-z0-9][a-z0-9.-]+", re.IGNORECASE)
MAIL: Final = ("email", "email-json", "sms")


class Row(NamedTuple):
    """One input through which data leaves a resource, and how its value is to be read."""

    rule: str
    type: str
    path: str
    kind: str
    what: str


@cache
def table() -> dict[tuple[str, str], tuple[Row, ...]]:
    """The rows by rule and type."""
    found: dict[tuple[str, str], tuple[Row, ...]] = {}
    with TABLE.open(encoding="utf-8", newline="") as file:
        for fields in csv.DictReader(file):
            row = Row(**fields)
            found[row.rule, row.type] = (*found.get((row.rule, row.type), ()), row)
    return found


def _region(case: Case, reading: Reading) -> Whereabouts:
    if reading.unknown:
        return UNKNOWN
    return of_region(case.stack, reading.text)


def _place(case: Case, reading: Reading) -> Whereabouts:
    """A region's name, or an ARN of something in it."""
    if place("aws", reading.text) is not None:
        return of_region(case.stack, reading.text)
    return of_arn(case, reading)


def _endpoint(case: Case, reading: Reading) -> Whereabouts:
    if reading.unknown:
        target = case.stack.target(case.resource, reading)
        return of_resources(case, target.inside) if target.inside else UNKNOWN
    return of_host(case.stack, reading.text)


def _subscriber(case: Case, reading: Reading) -> Whereabouts:
    """A topic's subscriber; people who get mail are not a place."""
    if reading.text.lower().startswith(("http://", "https://")):
        return of_host(case.stack, reading.text)
    if arn(reading.text) is not None:
        return of_arn(case, reading)
    if case.read("protocol").among(*MAIL) or not reading.unknown:
        return INSIDE
    return of_arn(case, reading)


def _log_bucket(case: Case, reading: Reading) -> Whereabouts:
    """S3 delivers access logs to a bucket of the same region and account only: one that is not declared is there."""
    found = of_bucket(case, reading)
    return INSIDE if found.verdict is Verdict.NOWHERE else found


def _connection(case: Case, reading: Reading) -> Whereabouts:
    """A catalog's connection: one of the stack, or one that AWS has in every region."""
    if reading.among(*BUILT_IN_CONNECTIONS) or allowed(case.stack, reading.text):
        return INSIDE
    target = case.stack.target(case.resource, reading, "aws:glue/connection:Connection")
    if target.inside:
        return of_resources(case, target.inside)
    return UNKNOWN if target.unknown else NOWHERE


KINDS: Final[dict[str, Callable[[Case, Reading], Whereabouts]]] = {
    "region": _region,
    "place": _place,
    "arn": of_arn,
    "key": of_key,
    "bucket": of_bucket,
    "replica": of_bucket,
    "log bucket": _log_bucket,
    "endpoint": _endpoint,
    "subscriber": _subscriber,
    "connection": _connection,
}
# A replica, and an endpoint outside AWS, have to be allowed by name: their own rule says so as well.
ALLOW_LISTED: Final = {("SOV-AWS-003", "replica"), ("SOV-AWS-007", "endpoint")}


def destinations(case: Case, identity: str) -> Iterator[Said]:
    """What a rule's rows say of a resource."""
    if case.stack.boundary is None:
        return
    for row in table().get((identity, case.resource.type), ()):
        for reading in case.read_all(row.path):
            if reading.present:
                yield from _said(case, row, reading)


@rule("SOV-AWS-008", "aws:glue/catalogTable:CatalogTable", "aws:glue/catalogDatabase:CatalogDatabase")
def parameters_stay_inside(case: Case) -> Iterator[Said]:
    """A table's parameters may hold the template of its partitions' locations."""
    yield from _locations(case, "SOV-AWS-008", "parameters.*", "the table's data")


@rule("SOV-AWS-009", "aws:athena/namedQuery:NamedQuery")
def query_stays_inside(case: Case) -> Iterator[Said]:
    """A saved query may say where the table that it makes lies."""
    yield from _locations(case, "SOV-AWS-009", "query", "what the query writes")


def _locations(case: Case, identity: str, path: str, what: str) -> Iterator[Said]:
    if case.stack.boundary is None:
        return
    for reading in case.read_all(path):
        for url in sorted(set(LOCATION.findall(reading.text))):
            yield from _said(case, Row(identity, case.resource.type, path, "bucket", what), _known(reading.path, url))


def _known(path: str, text: str) -> Reading:
    return Reading(path, State.KNOWN, text)


def _said(case: Case, row: Row, reading: Reading) -> Iterator[Said]:
    found = KINDS[row.kind](case, reading)
    if found.verdict is Verdict.OUTSIDE:
        yield case.fail(reading, f"{reading.path} leads {row.what} to {found.where}, outside the boundary")
    elif found.verdict is Verdict.UNKNOWN:
        yield case.unsure(reading, f"nobody can tell yet where {row.what} would go")
    elif found.verdict is Verdict.NOWHERE:
        if (row.rule, row.kind) in ALLOW_LISTED:
            yield case.fail(
                reading, f"{reading.path} leads {row.what} to something that is neither here nor allowed by name"
            )
        yield from case.unplaced(reading, row.what)


def _check(identity: str) -> Check:
    def check(case: Case) -> Iterator[Said]:
        yield from destinations(case, identity)

    return check


for _identity, _type in table():
    rule(_identity, _type)(_check(_identity))
