"""The kinds of value that a stack file holds, each with its own check, so that the models read as nouns."""

from __future__ import annotations

import ipaddress
import re
from datetime import date
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, Field, Strict

import geography
from components.refusal import refusal, shown

# AWS, Azure and GCP agree on this set for tag values; control characters and markup never get into a label.
_LABEL = re.compile(r"[\w .:/=+@-]*\w[\w .:/=+@-]*")
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_ENVIRONMENT = re.compile(r"[a-z](-?[a-z0-9])*")
_MOST_DOLLARS = 1_000_000_000
# A wider range than these holds more of the internet than any one organisation does.
_SHORTEST_PREFIX = {4: 8, 6: 19}


def _label(value: str) -> str:
    if not _LABEL.fullmatch(value):
        raise refusal(
            f"{shown(value)} cannot be a label",
            consequence="Every resource carries it as a tag, and the cloud would refuse the tag.",
            remedy="Use letters, digits, spaces and . : / = + @ _ - with at least one letter or digit.",
        )
    return value


def _email(value: str) -> str:
    if not _EMAIL.fullmatch(value):
        raise refusal(
            f"{shown(value)} is not an e-mail address",
            consequence="Alarms and budget warnings would reach nobody.",
            remedy="Write one address that is read, such as data-platform@example.com.",
        )
    return value


def _environment(value: str) -> str:
    if not _ENVIRONMENT.fullmatch(value):
        raise refusal(
            f"{shown(value)} cannot be part of resource names",
            consequence="Physical names carry the environment, and the cloud would refuse them.",
            remedy="Use small letters, digits and single dashes, starting with a letter: dev, prod, staging-2.",
        )
    return value


def _boundary(name: str) -> str:
    try:
        geography.boundary(name)
    except geography.UnknownBoundary as fault:
        near = f"did you mean {' or '.join(fault.suggestions)}? " if fault.suggestions else ""
        raise refusal(
            f"there is no boundary {shown(name)}",
            consequence="Nothing could say which data and which places are inside, so nothing would be kept in.",
            remedy=f"{near}`homeshore regions --boundaries` lists them all.",
        ) from None
    return name


def _destination(name: str) -> str:
    try:
        geography.area(name)
    except geography.UnknownBoundary as fault:
        near = f"did you mean {' or '.join(fault.suggestions)}? " if fault.suggestions else ""
        raise refusal(
            f"there is no place {shown(fault.name)}",
            consequence="Nobody could say whether the law accepts transfers there, nor which findings it is about.",
            remedy=f"{near}Write a country's ISO code, or a name that `homeshore regions --boundaries` lists.",
        ) from None
    return name


def _cidr(value: str) -> str:
    try:
        network = ipaddress.ip_network(value)
    except ValueError:
        raise refusal(
            f"{shown(value)} is not a network in CIDR form",
            consequence="The allow-list could not be written, so the endpoints would let nobody in.",
            remedy=f"{_meant(value)}Write the network's first address and its prefix length, such as 203.0.113.0/24.",
        ) from None
    if network.prefixlen < _SHORTEST_PREFIX[network.version]:
        whole = "the whole internet" if network.prefixlen == 0 else "a large part of the internet"
        raise refusal(
            f"{value} is {whole}",
            consequence="The endpoints would be open to everybody, which no stack may be.",
            remedy="List the networks that send events, or use mode: private.",
        )
    return value


def _meant(value: str) -> str:
    try:
        return f"did you mean {ipaddress.ip_network(value, strict=False)}? "
    except ValueError:
        return ""


def _inside_project(value: str) -> str:
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts or "\\" in value or not value.isprintable():
        raise refusal(
            f"{shown(value)} is not a path inside the project",
            consequence="The stack would not build from a fresh clone.",
            remedy="Write the path from the project's directory, with forward slashes: events/clickstream.yaml.",
        )
    return value


def _dollars(value: float) -> float:
    if not 0 < value <= _MOST_DOLLARS:
        raise refusal(
            f"a budget of {value:g} US dollars a month is none",
            consequence="Every stack costs something, so the budget would be broken from the first hour.",
            remedy="Write what the stack may cost in a month, or remove budget to be warned of nothing.",
        )
    return value


def _day(value: str) -> str:
    try:
        day = date.fromisoformat(value).isoformat()
    except ValueError:
        day = ""
    if day != value:
        raise refusal(
            f"{shown(value)} is not a day of the calendar",
            consequence="The cloud would refuse the date.",
            remedy='Write year, month and day in quotes: "2030-01-31".',
        )
    return value


def _first_of_a_month(value: str) -> str:
    if not value.endswith("-01"):
        raise refusal(
            f"{shown(value)} is not the first day of a month",
            consequence="The cloud would refuse the date.",
            remedy=f'Write the first day of a month that is not over: "{value[:8]}01".',
        )
    return value


Environment = Annotated[str, Field(min_length=1, max_length=12), AfterValidator(_environment)]
Label = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(_label)]
Email = Annotated[str, Field(min_length=3, max_length=254), AfterValidator(_email)]
BoundaryName = Annotated[
    str, AfterValidator(_boundary), Field(json_schema_extra={"enum": [b.name for b in geography.boundaries()]})
]
Destination = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_destination)]
Cidr = Annotated[str, AfterValidator(_cidr)]
ProjectPath = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_inside_project)]
Day = Annotated[str, AfterValidator(_day), Field(json_schema_extra={"format": "date"})]
FirstDay = Annotated[Day, AfterValidator(_first_of_a_month)]
Sentence = Annotated[str, Field(min_length=1, max_length=255)]
RuleId = Annotated[str, Field(pattern=r"^[A-Z]{3}-[A-Z]{1,3}-[0-9]{3}$")]
Identifier = Annotated[str, Field(min_length=1, max_length=1024)]

Flag = Annotated[bool, Strict()]
Rate = Annotated[int, Strict(), Field(ge=1, le=100_000_000)]
Bytes = Annotated[int, Strict(), Field(ge=1, le=1_048_576)]
Days = Annotated[int, Strict(), Field(ge=1, le=36_500)]
ReplayHours = Annotated[int, Strict(), Field(ge=24, le=8_760)]
Minutes = Annotated[int, Strict(), Field(ge=1, le=1_440)]
RotationDays = Annotated[int, Strict(), Field(ge=90, le=365)]
DeletionDays = Annotated[int, Strict(), Field(ge=7, le=30)]
Generation = Annotated[int, Strict(), Field(ge=1, le=99)]
Dollars = Annotated[
    float,
    Strict(),
    Field(allow_inf_nan=False, json_schema_extra={"exclusiveMinimum": 0, "maximum": _MOST_DOLLARS}),
    AfterValidator(_dollars),
]
