"""Compiles a data contract into the function that sifts events.

The work per event is a handful of C calls, so looking up per field what to do would cost more than doing it. Instead
the contract becomes Python source once per cold start (print `source(contract)` to read it) and is compiled. A plain
reference implementation in the tests says what it must do.

For each event, in this order: decode the declared fields, check the ids, check the residency, and only then look for a
duplicate, replace personal data by tokens and keep the row. What is written is encoded anew from the declared fields,
never spliced from the original line, so a reader with other rules for duplicate keys sees what the gate saw.
"""

from __future__ import annotations

import linecache
import re
from collections.abc import Callable, Sequence, Set
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, cast

import msgspec

from processor.keys import KeyRing
from processor.schema import Contract, Field, FieldType

ABSENT = msgspec.Raw(b"null")
# Decode, Unicode and recursion errors alike: whatever an event can provoke must end that event, not its batch.
FAULTS = (ValueError, RecursionError, OverflowError)

MAX_NESTING = 500
"""Levels of lists and objects in an event; where the decoder gives up by itself depends on the Python under it."""
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_OPENING = b"[{"
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")


def is_too_deep(payload: bytes) -> bool:
    """Whether the JSON text, well-formed or not, nests deeper than MAX_NESTING."""
    if payload.count(b"[") + payload.count(b"{") <= MAX_NESTING:
        return False
    depth = 0
    for bracket in _TEXT.sub(b"", payload).translate(None, _NOT_BRACKETS):
        depth += 1 if bracket in _OPENING else -1
        if depth > MAX_NESTING:
            return True
    return False


class Tokens(dict[str, str]):
    """From a personal value to its token, made when first asked for. Lives as long as one batch."""

    __slots__ = ("_token",)

    def __init__(self, token: Callable[[str], str]) -> None:
        self._token = token

    def __missing__(self, value: str) -> str:
        token = self[value] = self._token(value)
        return token


# Takes an event that cannot be stored: its bytes, its place, and either the error or the name of the field at fault.
Refuse = Callable[[bytes, str, Exception | str], None]
# Takes the tags of an event that may not be stored here: its place, event id, tenant, event type and residency.
Quarantine = Callable[[str, str, str, str, str], None]
# Sorts payloads, in step with their places (each row's metadata as JSON text), into rows (by event id) and repeats
# (event id and place), which are added to, and into calls of quarantine and refuse. The set is the countries inside.
Sift = Callable[
    [
        Sequence[bytes],
        Sequence[str],
        dict[str, msgspec.Struct],
        list[tuple[str, str]],
        Sequence[Tokens],
        Set[str],
        Quarantine,
        Refuse,
    ],
    None,
]


def tokens(contract: Contract, ring: KeyRing) -> list[Tokens]:
    """Fresh maps for the contract's personal fields, in its order."""
    return [Tokens(ring.tokeniser(field.name)) for field in contract.fields if field.personal]


def event_type(contract: Contract) -> type[msgspec.Struct]:
    """The struct of one event: the declared fields (attributes end in `_`, so that no name can clash) and its place.

    A payload cannot set the place: it is overwritten in each event that is kept.
    """
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for field in contract.fields:
        kind = _annotation(field)
        if field.required:
            fields.append((f"{field.name}_", kind))
        elif field.type in ("object", "array"):
            fields.append((f"{field.name}_", msgspec.Raw, ABSENT))
        else:
            fields.append((f"{field.name}_", kind | None, None))
    fields.append(("place_", msgspec.Raw, ABSENT))
    rename = {f"{field.name}_": field.name for field in contract.fields} | {"place_": "_arrived_at"}
    return msgspec.defstruct("Event", fields, kw_only=True, gc=False, rename=rename)


_ANNOTATIONS: dict[FieldType, Any] = {
    "timestamp": Annotated[datetime, msgspec.Meta(tz=True)],
    "date": date,
    "integer": Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)],
    "number": float,
    "boolean": bool,
    "object": msgspec.Raw,
    "array": msgspec.Raw,
}


def _annotation(field: Field) -> Any:
    if field.enum:
        return Literal[field.enum]
    if field.type == "string":
        return Annotated[str, msgspec.Meta(min_length=field.min_length, max_length=field.max_length)]
    return _ANNOTATIONS[field.type]


_LOOP = """\
def sift(payloads, places, rows, repeats, tokens, held, quarantine, refuse):
{prepare}
    for payload, place in zip(payloads, places):
        try:
            event = decode(payload)
            payload.isascii() or payload.decode()  # skipped fields too: the decoder checks only what it keeps
            if len(payload) > 2 * MAX_NESTING and is_too_deep(payload):  # each level takes two bytes
                raise RecursionError
{checks}
        except FAULTS as fault:
            refuse(payload, place, fault)
            continue
        home = event.{residency}
        if home not in held:
            if match_{home}(home) is None:
                refuse(payload, place, {home!r})
                continue
            quarantine(place, event.{event_id}, event.{tenant}, event.{event_type}, home)
            continue
        if rows.setdefault(event.{event_id}, event) is not event:
            repeats.append((event.{event_id}, place))
            continue
{tokenise}
        event.place_ = Raw(place)
"""


def source(contract: Contract) -> str:
    """The Python source of the contract's `sift` function."""
    personal = [field for field in contract.fields if field.personal]
    remembered = [f for f in contract.fields if f.pattern and f.role not in ("event_id", "residency")]
    prepare = [f"    tokens_{field.name} = tokens[{position}]" for position, field in enumerate(personal)]
    prepare += [f"    known_{field.name} = set()" for field in remembered]
    checks = [line for field in contract.fields for line in _checks(field)]
    return _LOOP.format(
        prepare="\n".join(prepare),
        checks="\n".join(" " * 12 + line for line in checks),
        home=contract.field("residency").name,
        tokenise="\n".join(" " * 8 + line for field in personal for line in _tokenise(field)),
        **{role: f"{contract.field(role).name}_" for role in ("residency", "event_id", "tenant", "event_type")},
    )


def _checks(field: Field) -> list[str]:
    """What the decoder cannot check by itself, as source lines; a refusal names the field."""
    value = f"event.{field.name}_"
    refusal = [f"    refuse(payload, place, {field.name!r})", "    continue"]
    optional = "" if field.required else f"{value} is not None and "
    if field.role == "event_id":
        # An id in capital letters (some platforms print UUIDs so) is the same id.
        lowered = [f"    {value} = {value}.lower()", f"    if match_{field.name}({value}) is None:"]
        return [f"if match_{field.name}({value}) is None:", *lowered, *(f"    {line}" for line in refusal)]
    if field.role == "residency":
        return []  # the gate matches it where it lies outside; inside, it is one of the boundary's countries
    if field.type == "string" and field.pattern:
        # Few values, many events: each different value is matched once per batch.
        return [
            f"if {optional}{value} not in known_{field.name}:",
            f"    if match_{field.name}({value}) is None:",
            *(f"    {line}" for line in refusal),
            f"    known_{field.name}.add({value})",
        ]
    if field.type == "timestamp":
        return [f"if {optional}{value}.tzinfo is not UTC:", f"    {value} = {value}.astimezone(UTC)"]
    if field.type in ("object", "array"):
        opener = "{" if field.type == "object" else "["
        return [
            f'text = str({value}, "utf-8")',
            *([] if field.required else ['if text == "null":', "    text = None"]),
            f"{'if' if field.required else 'elif'} text[0] != {opener!r}:",
            *refusal,
            f"{value} = text",
        ]
    return []


def _tokenise(field: Field) -> list[str]:
    value = f"event.{field.name}_"
    line = f"{value} = tokens_{field.name}[{value}]"
    return [line] if field.required else [f"if {value} is not None:", f"    {line}"]


def compile_sift(contract: Contract) -> Sift:
    """The contract's `sift` function. Raises nothing for a contract that was loaded: its faults were found there."""
    text = source(contract)
    names: dict[str, object] = {
        "FAULTS": FAULTS,
        "MAX_NESTING": MAX_NESTING,
        "is_too_deep": is_too_deep,
        "Raw": msgspec.Raw,
        "UTC": UTC,
        "decode": msgspec.json.Decoder(event_type(contract)).decode,
    }
    for field in contract.fields:
        if field.pattern:
            # A full match: `$` would accept a line break after the value.
            names[f"match_{field.name}"] = re.compile(field.pattern).fullmatch
    filename = f"<sift {contract.name} {contract.version}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)  # for tracebacks
    exec(compile(text, filename, "exec"), names)  # noqa: S102 - our own text, from a checked contract
    return cast("Sift", names["sift"])
