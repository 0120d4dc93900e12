"""Hostile input: nothing that an event holds stops its batch, escapes the accounting, or gets past the gate."""

from __future__ import annotations

import json
import random

import msgspec
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from processor import packing
from processor.core import Accounting, Context, Result, process
from tests.processor.batches import ADDRESS, PERSON, VALID, lines, make_batch, numbered, shared_context

MIB = 1024 * 1024


def changed(**fields: object) -> bytes:
    return json.dumps({**json.loads(VALID), **fields}).encode()


def attributes(text: bytes) -> bytes:
    return VALID.replace(b'{"load_ms":120}', text)


def reason(result: Result) -> str:
    (row,) = map(json.loads, lines(result, "dead-letter").splitlines())
    return row["reason"]


UNDECODABLE = {
    "empty": (b"", "empty"),
    "blank": (b"  ", "json"),
    "not JSON": (b"GET / HTTP/1.1", "json"),
    "cut off": (VALID[:-5], "json"),
    "two events in one": (VALID + VALID, "json"),
    "a list of events": (b"[" + VALID + b"]", "contract"),
    "null": (b"null", "contract"),
    "byte order mark": (b"\xef\xbb\xbf" + VALID, "json"),
    "UTF-16": (VALID.decode().encode("utf-16"), "json"),
    "bad UTF-8 in a declared field": (VALID.replace(b"shop", b"sh\xffp"), "utf-8"),
    "bad UTF-8 in attributes": (attributes(b'{"a":"\xff"}'), "utf-8"),
    "bad UTF-8 in a key of attributes": (attributes(b'{"\xc3":1}'), "utf-8"),
    "bad UTF-8 in a field that is dropped": (VALID.replace(b"{", b'{"extra":"\xed\xa0\x80",', 1), "utf-8"),
    "overlong UTF-8": (VALID.replace(b"shop", b"\xc0\xaf"), "utf-8"),
    "a lone surrogate": (VALID.replace(b"shop", b"\\ud800"), "json"),
    "NaN": (attributes(b'{"a":NaN}'), "json"),
    "Infinity": (attributes(b'{"a":-Infinity}'), "json"),
    "leading zeros": (attributes(b'{"a":01}'), "json"),
    "a control character": (attributes(b'{"a":"\x01"}'), "json"),
    "deep lists": (attributes(b"[" * 200_000 + b"]" * 200_000), "depth"),
    "deep objects": (attributes(b'{"a":' * 100_000 + b"1" + b"}" * 100_000), "depth"),
    "deep in a field that is dropped": (
        VALID.replace(b"{", b'{"extra":' + b"[" * 99_999 + b"]" * 99_999 + b",", 1),
        "depth",
    ),
    "deep and cut off": (attributes(b"[" * 100_000), "depth"),
    # The event, its attributes, and so many lists: one level too many, and where decoders of some Pythons still follow.
    "one level too deep": (attributes(b'{"a":' + b"[" * 499 + b"]" * 499 + b"}"), "depth"),
    "one level too deep, lists and objects": (attributes(b'{"a":[' * 250 + b"1" + b"]}" * 250), "depth"),
    "deeper than some decoders follow": (attributes(b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}"), "depth"),
    "cut off where some decoders still follow": (attributes(b"[" * 5000), "depth"),
    "wide and cut off": (VALID[:-2] + b',"b":[' + b"{}," * 5000, "json"),
    "attributes that are a list": (attributes(b"[1]"), "contract:attributes"),
    "attributes that are text": (attributes(b'"{}"'), "contract:attributes"),
    "attributes that are a number": (attributes(b"1" + b"0" * 5000), "contract:attributes"),
    "a field missing": (VALID.replace(b'"ip"', b'"IP"'), "contract:ip"),
    "a field of another type": (changed(page=1), "contract:page"),
    "a huge integer for text": (VALID.replace(b'"https://shop.example/"', b"9" * 10_000), "contract:page"),
    "null for a required field": (changed(user_id=None), "contract:user_id"),
    "an unknown event type": (changed(event_type="Click"), "contract:event_type"),
    "an id with a line break after it": (VALID.replace(b'5555","', b'5555\\n","', 1), "contract:event_id"),
    "an id with a line break before it": (VALID.replace(b'"1111', b'"\\n1111', 1), "contract:event_id"),
    "an id with a zero character": (VALID.replace(b"2222", b"22\\u00002", 1), "contract:event_id"),
    "an id of full-width digits": (changed(event_id="\uff111111111-2222-4333-8444-555555555555"), "contract:event_id"),
    "an id that lowers to an id": (changed(event_id="11111111-2222-4333-8444-55555555555\u212a"), "contract:event_id"),
    "a tenant with a line break": (changed(tenant_id="tenant-01\n"), "contract:tenant_id"),
    "a home with a line break": (changed(home="DE\n"), "contract:home"),
    "a home in small letters": (changed(home="de"), "contract:home"),
    "a home that is free text": (changed(home=PERSON), "contract:home"),
    "a time with a line break": (changed(event_time="2026-03-02T08:00:00Z\n"), "contract:event_time"),
    "a time without a zone": (changed(event_time="2026-03-02T08:00:00"), "contract:event_time"),
    "the thirtieth of February": (changed(event_time="2026-02-30T08:00:00Z"), "contract:event_time"),
    "a time before the calendar": (changed(event_time="0001-01-01T00:00:00+10:00"), "value"),
    "a time as a number": (changed(event_time=1772438400), "contract:event_time"),
    "text that is too long": (changed(user_id="u" * 257), "contract:user_id"),
    "text that is too short": (changed(page=""), "contract:page"),
    "one MiB of nothing": (b"\0" * MIB, "json"),
}


@pytest.mark.parametrize("case", UNDECODABLE)
def test_it_is_dead_lettered_and_its_neighbours_are_stored(context: Context, case: str):
    payload, why = UNDECODABLE[case]
    result = process(make_batch([numbered(1), payload, numbered(2)]), context)
    assert reason(result) == why
    assert result.accounting == Accounting(3, 0, 0, 3, 2, 0, 1, 0)


STRANGE_BUT_VALID = {
    "pretty printed": json.dumps(json.loads(VALID), indent=4).encode(),
    "carriage returns": VALID.replace(b',"', b',\r\n\t"'),
    "huge integers in attributes": attributes(b'{"a":' + b"9" * 5000 + b"}"),
    "a huge exponent in attributes": attributes(b'{"a":1e999999}'),
    "line breaks in attributes": attributes(b'{\n"a":\r\n[1,\n2]}'),
    "the deepest nesting": attributes(b'{"a":' + b"[" * 498 + b"]" * 498 + b"}"),
    "many lists, none deep": attributes(b'{"a":[' + b"[[1],{}]," * 5000 + b"0]}"),
    "brackets in text": attributes(b'{"a":"' + b"[{" * 5000 + b'\\"","b":"' + b'\\\\"}'),
    "unknown fields": VALID.replace(b"{", b'{"_shard":"x","_arrived_at":"y","place_":1,"extra":{"a":[]},', 1),
    "fields of the row itself": VALID.replace(b"{", b'{"_key_version":"k9","_index":7,"_repeats":["1:1"],', 1),
    "quotes and backslashes": VALID.replace(b"shop", rb"\"\\\/\b\f\n\r\t"),
    "a zero character": VALID.replace(b"shop", b"sh\\u0000p"),
    "a line separator": VALID.replace(b"shop", "\u2028".encode()),
    "emoji as escapes": VALID.replace(b"shop", b"\\ud83d\\ude00"),
    "one MiB of attributes": attributes(b'{"a":"' + b"x" * MIB + b'"}'),
    "no attributes": VALID.replace(b',"attributes":{"load_ms":120}', b""),
    "null attributes": attributes(b"null"),
    "empty attributes": attributes(b"{}"),
}


@pytest.mark.parametrize("case", STRANGE_BUT_VALID)
def test_it_is_stored_as_exactly_one_line_that_says_where_it_came_from(context: Context, case: str):
    result = process(make_batch([STRANGE_BUT_VALID[case]]), context)
    body = lines(result, "bronze")
    assert body.count(b"\n") == 1
    assert b"\r" not in body
    row = json.loads(body)
    expected = [column.name for column in context.contract.columns if column.name != "_repeats"]
    assert list(row) == expected
    assert (row["_index"], row["_key_version"], row["_shard"]) == (0, "k1", "shardId-000000000000")
    assert row["attributes"] is None or msgspec.json.decode(row["attributes"], type=dict[str, msgspec.Raw]) is not None


def test_a_duplicate_key_cannot_get_a_foreign_event_past_the_gate(context: Context):
    """Readers differ on which of two equal keys counts; what is stored has one, and it is the one that was judged."""
    foreign_last = VALID.replace(b'"home":"FR"', b'"home":"FR","home":"US"')
    foreign_first = VALID.replace(b'"home":"FR"', b'"home":"US","home":"FR"')
    result = process(make_batch([foreign_last, foreign_first]), context)
    assert (result.accounting.quarantined, result.accounting.written) == (1, 1)
    body = lines(result, "bronze")
    assert b"US" not in body
    assert body.count(b'"home"') == 1


def test_a_duplicate_personal_key_leaves_no_clear_text(context: Context):
    twice = VALID.replace(b'"user_id":', b'"user_id":"grace@mail.example","user_id":')
    body = lines(process(make_batch([twice]), context), "bronze")
    assert b"grace" not in body
    assert PERSON.encode() not in body


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (packing.MAGIC, "pack-frame"),
        (packing.MAGIC + b"no zstd at all", "pack-frame"),
        (packing.pack([VALID])[:-3], "pack-frame"),
        (packing.pack([VALID]) + b"more", "pack-frame"),
        (packing.pack([VALID]) + zstandard.compress(VALID), "pack-frame"),
        (packing.MAGIC + zstandard.ZstdCompressor(write_content_size=False).compress(VALID), "pack-unsized"),
        (packing.MAGIC + zstandard.compress(b""), "pack-empty"),
        (packing.MAGIC + zstandard.compress(b" " * (packing.MAX_CONTENT_BYTES + 1)), "pack-too-large"),
        (packing.MAGIC + zstandard.compress(b"\n" * (packing.MAX_EVENTS + 1)), "pack-too-many-events"),
        (packing.pack([packing.MAGIC + b"x"]), "json"),  # a pack in a pack
    ],
)
def test_a_packed_record_that_cannot_be_opened_is_one_dead_letter(context: Context, record: bytes, why: str):
    result = process(make_batch([numbered(1), record, numbered(2)]), context)
    assert reason(result) == why
    assert result.accounting.closes()
    assert (result.accounting.written, result.accounting.dead_lettered) == (2, 1)


def test_a_bomb_that_lies_about_its_size_is_not_inflated(context: Context):
    """A frame header that claims less than the frame holds: the decompressor stops at the claim."""
    honest = zstandard.compress(b" " * 200)
    assert honest[5] == 200  # magic (4), descriptor (1), then one byte of content size
    lying = packing.MAGIC + honest[:5] + bytes([100]) + honest[6:]
    assert reason(process(make_batch([lying]), context)) == "pack-frame"


def test_events_in_a_pack_fail_one_by_one(context: Context):
    record = packing.pack([numbered(1), b"", b"{", VALID.replace(b"shop", b"\xff"), numbered(2)])
    result = process(make_batch([record]), context)
    dead = [json.loads(line) for line in lines(result, "dead-letter").splitlines()]
    assert [(row["_index"], row["reason"]) for row in dead] == [(1, "empty"), (2, "json"), (3, "utf-8")]
    assert (result.accounting.written, result.accounting.records_packed) == (2, 1)


def test_a_payload_whose_transport_encoding_is_broken_is_dead_lettered(context: Context):
    result = process(make_batch([None, VALID]), context)
    assert (reason(result), result.accounting.written) == ("empty", 1)


def test_nothing_personal_reaches_quarantine_or_dead_letters(context: Context):
    """A planted person and address, searched for byte by byte, in any spelling that an error message could quote."""
    foreign = VALID.replace(b'"home":"FR"', b'"home":"US"')
    spoilt = [payload for payload, _ in UNDECODABLE.values()]
    planted = [
        changed(event_type=PERSON),
        changed(event_id=PERSON),
        changed(tenant_id=PERSON),
        changed(home=PERSON),
        changed(event_time=PERSON),
        changed(**{PERSON: 1}, ip=5),
        VALID.replace(b'"ip":', b'"ip` at `' + PERSON.encode() + b'":'),
        VALID.replace(b"click", b"x - at `$." + PERSON.encode() + b"`"),
    ]
    result = process(make_batch([foreign, *spoilt, *planted]), context)
    assert result.accounting.quarantined == 1
    assert result.accounting.dead_lettered == len(spoilt) + len(planted)
    for kind in ("quarantine", "dead-letter"):
        body = lines(result, kind)
        for needle in (PERSON, ADDRESS, "lovelace", "192.0.2", "shop.example", "load_ms"):
            assert needle.encode() not in body, (kind, needle)
    (row,) = map(json.loads, lines(result, "quarantine").splitlines())
    own = {"_arrived_at", "_shard", "_sequence", "_index", "_contract_version", "_key_version"}
    assert set(row) - own == {"event_id", "tenant", "event_type", "home", "reason"}
    for stored in result.objects:
        assert PERSON not in stored.key + "".join(stored.metadata.values())


def test_bronze_holds_no_personal_data_in_clear(context: Context):
    body = lines(process(make_batch([VALID]), context), "bronze")
    assert b"lovelace" not in body
    assert ADDRESS.encode() not in body


@settings(max_examples=200, deadline=None)
@given(payloads=st.lists(st.one_of(st.binary(max_size=60), st.just(VALID)), min_size=1, max_size=8))
def test_any_bytes_are_accounted_for(payloads: list[bytes]):
    result = process(make_batch(payloads), shared_context())
    assert result.accounting.closes()
    assert result.accounting.records_in == len(payloads)
    assert lines(result, "bronze").count(b"\n") == result.accounting.written


@pytest.mark.parametrize("seed", range(20))
def test_mutated_events_are_accounted_for_and_stay_one_line_each(context: Context, seed: int):
    rng = random.Random(seed)
    payloads = []
    for number in range(300):
        data = bytearray(numbered(number))
        for _ in range(rng.randrange(1, 6)):
            data[rng.randrange(len(data))] = rng.choice([rng.randrange(256), *b'{}[]",:\\\n'])
        payloads.append(bytes(data))
    result = process(make_batch(payloads), context)
    assert result.accounting.closes()
    for line in lines(result, "bronze").splitlines():
        msgspec.json.decode(line)
        json.loads(line)
