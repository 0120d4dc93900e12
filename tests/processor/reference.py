"""What the processor must do to one event, written plainly with the standard library: the tests compare against it."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TYPES = {"page_view", "click", "search", "add_to_cart", "purchase", "login"}
FIELDS = [
    "event_id",
    "event_time",
    "event_type",
    "tenant_id",
    "home",
    "user_id",
    "ip",
    "page",
    "referrer",
    "attributes",
]
LENGTHS = {"user_id": (1, 256), "ip": (2, 45), "page": (1, 4096), "referrer": (0, 4096)}


class UndecodableError(Exception):
    pass


@dataclass
class Outcome:
    rows: list[dict[str, Any]] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    undecodable: list[int] = field(default_factory=list)
    repeats: list[str] = field(default_factory=list)


def token(key: bytes, name: str, value: str) -> str:
    own = hmac.new(key, b"homeshore field " + name.encode(), "sha256").digest()
    return "k1:" + hmac.new(own, value.encode(), hashlib.sha256).hexdigest()[:32]


def run(events: list[bytes], key: bytes, countries: frozenset[str]) -> Outcome:
    outcome = Outcome()
    seen: set[str] = set()
    for position, data in enumerate(events):
        try:
            event = check(data)
        except UndecodableError:
            outcome.undecodable.append(position)
            continue
        if event["home"] not in countries:
            outcome.foreign.append(event["event_id"])
        elif event["event_id"] in seen:
            outcome.repeats.append(event["event_id"])
        else:
            seen.add(event["event_id"])
            event["user_id"] = token(key, "user_id", event["user_id"])
            event["ip"] = token(key, "ip", event["ip"])
            outcome.rows.append(event)
    return outcome


def check(data: bytes) -> dict[str, Any]:
    raw: dict[str, str] = {}
    try:
        document = json.loads(data.decode("utf-8"), parse_constant=_no_constant)
        raw["attributes"] = _raw_attributes(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise UndecodableError from None
    if not isinstance(document, dict):
        raise UndecodableError
    event = {name: document.get(name) for name in FIELDS}
    for name in ("event_id", "event_time", "event_type", "tenant_id", "home", "user_id", "ip", "page"):
        if not isinstance(event[name], str):
            raise UndecodableError
    for name, (least, most) in LENGTHS.items():
        if event[name] is not None and not (isinstance(event[name], str) and least <= len(event[name]) <= most):
            raise UndecodableError
    event["event_id"] = event["event_id"].lower()
    if not UUID.fullmatch(event["event_id"]) or event["event_type"] not in TYPES:
        raise UndecodableError
    if not re.fullmatch("[a-z0-9][a-z0-9-]{0,62}", event["tenant_id"]) or not re.fullmatch("[A-Z]{2}", event["home"]):
        raise UndecodableError
    event["event_time"] = _time(event["event_time"])
    if event["attributes"] is not None:
        if not isinstance(event["attributes"], dict):
            raise UndecodableError
        event["attributes"] = raw["attributes"]
    return event


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _raw_attributes(text: str) -> str:
    """The text of the last `attributes` member, found by decoding the document member by member."""
    found = ""
    decoder = json.JSONDecoder(parse_constant=_no_constant)
    at = re.match(r"\s*\{\s*", text)
    position = at.end() if at else len(text)
    while position < len(text) and text[position] == '"':
        name, position = decoder.raw_decode(text, position)
        position = re.compile(r"\s*:\s*").match(text, position).end()  # type: ignore[union-attr]
        _, end = decoder.raw_decode(text, position)
        if name == "attributes":
            found = text[position:end]
        position = re.compile(r"\s*,?\s*").match(text, end).end()  # type: ignore[union-attr]
    return found


def _time(text: str) -> str:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", text):
        raise UndecodableError
    try:
        moment = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UndecodableError from None
    return moment.isoformat().replace("+00:00", "Z")
