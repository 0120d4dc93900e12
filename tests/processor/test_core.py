"""The core on ordinary batches: rows, accounting, names, determinism, and agreement with the plain reference."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from events.generator import generate
from geography import boundary
from processor.core import UNPACKED_EVENTS, Batch, Context, process
from processor.keys import KeyRing
from processor.packing import MAGIC, MAX_EVENTS, pack
from processor.schema import Contract
from tests.processor import reference
from tests.processor.batches import KEY, SHARD, VALID, lines, make_batch, numbered, shared_context


def test_a_valid_event_becomes_one_row_with_tokens_and_its_position(context: Context):
    result = process(make_batch([VALID]), context)
    (row,) = map(json.loads, lines(result, "bronze").splitlines())
    assert row == {
        "event_id": "11111111-2222-4333-8444-555555555555",
        "event_time": "2026-03-02T08:00:00.250000Z",
        "event_type": "click",
        "tenant_id": "tenant-01",
        "home": "FR",
        "user_id": reference.token(KEY, "user_id", "ada.lovelace@mail.example"),
        "ip": reference.token(KEY, "ip", "192.0.2.77"),
        "page": "https://shop.example/",
        "referrer": None,
        "attributes": '{"load_ms":120}',
        "_arrived_at": "2026-03-02T08:00:00.000Z",
        "_shard": SHARD,
        "_sequence": "100000000000000000000",
        "_index": 0,
        "_contract_version": "1.0.0",
        "_key_version": "k1",
    }


def test_the_row_has_exactly_the_contracts_columns(context: Context):
    row = json.loads(lines(process(make_batch([VALID, VALID]), context), "bronze"))
    assert list(row) == [column.name for column in context.contract.columns]


def test_names_and_metadata_come_from_the_first_record(context: Context):
    foreign = VALID.replace(b'"home":"FR"', b'"home":"US"')
    result = process(make_batch([VALID, foreign, b"{", VALID], first=7), context)
    name = f"day=2026-03-02/hour=08/homeshore-test-g1-stream-{SHARD}-100000000000000000007.jsonl.zst"
    assert [stored.key for stored in result.objects] == [f"quarantine/{name}", f"dead-letter/{name}", f"bronze/{name}"]
    expected = {
        "records-in": "4",
        "records-packed": "0",
        "events-packed": "0",
        "events-in": "4",
        "written": "1",
        "quarantined": "1",
        "dead-lettered": "1",
        "duplicates": "1",
        "first-sequence": "100000000000000000007",
        "last-sequence": "100000000000000000010",
        "contract": "clickstream",
        "contract-version": "1.0.0",
        "key-version": "k1",
    }
    assert all(stored.metadata == expected for stored in result.objects)


def test_a_batch_with_nothing_to_keep_still_gets_its_commit_marker(context: Context):
    result = process(make_batch([b"{"]), context)
    assert [stored.kind for stored in result.objects] == ["dead-letter", "bronze"]
    assert lines(result, "bronze") == b""


def test_repeats_in_a_batch_are_written_once_and_their_positions_are_kept(context: Context):
    result = process(make_batch([numbered(1), numbered(2), numbered(1), pack([numbered(3), numbered(1)])]), context)
    rows = [json.loads(line) for line in lines(result, "bronze").splitlines()]
    assert [row["event_id"][-1] for row in rows] == ["1", "2", "3"]
    assert rows[0]["_repeats"] == ["100000000000000000002:0", "100000000000000000003:1"]
    assert "_repeats" not in rows[1]
    assert (result.accounting.written, result.accounting.duplicates) == (3, 2)


def test_a_repeat_of_a_foreign_event_counts_as_foreign(context: Context):
    foreign = VALID.replace(b'"home":"FR"', b'"home":"US"')
    result = process(make_batch([foreign, foreign, VALID]), context)
    assert (result.accounting.quarantined, result.accounting.duplicates, result.accounting.written) == (2, 0, 1)


def test_records_and_events_of_packed_and_plain_records_close(context: Context):
    packed = pack([numbered(n) for n in range(5)] + [b"{", b'{"event_id":1}'])
    result = process(make_batch([packed, numbered(90), packed, b"nothing"]), context)
    accounting = result.accounting
    assert (accounting.records_in, accounting.records_packed, accounting.events_packed) == (4, 2, 14)
    assert (accounting.events_in, accounting.written, accounting.duplicates, accounting.dead_lettered) == (16, 6, 5, 5)
    assert accounting.closes()


def test_positions_in_a_packed_record_stand_in_rows_and_dead_letters(context: Context):
    result = process(make_batch([pack([numbered(1), b"{", numbered(2)])]), context)
    rows = [json.loads(line) for line in lines(result, "bronze").splitlines()]
    (dead,) = map(json.loads, lines(result, "dead-letter").splitlines())
    assert ([row["_index"] for row in rows], dead["_index"]) == ([0, 2], 1)


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("2026-03-02T08:00:00Z", "2026-03-02T08:00:00Z"),
        ("2026-03-02T08:00:00.5Z", "2026-03-02T08:00:00.500000Z"),
        ("2026-03-02T10:00:00+02:00", "2026-03-02T08:00:00Z"),
        ("2026-03-01T23:30:00-08:30", "2026-03-02T08:00:00Z"),
    ],
)
def test_times_are_stored_in_utc(context: Context, written: str, stored: str):
    event = VALID.replace(b"2026-03-02T08:00:00.250Z", written.encode())
    assert json.loads(lines(process(make_batch([event]), context), "bronze"))["event_time"] == stored


def test_an_id_in_capital_letters_is_the_same_id(context: Context):
    upper = VALID.replace(b"11111111-2222-4333-8444-555555555555", b"AAAAAAAA-2222-4333-8444-55555555555A")
    lower = VALID.replace(b"11111111-2222-4333-8444-555555555555", b"aaaaaaaa-2222-4333-8444-55555555555a")
    result = process(make_batch([upper, lower]), context)
    assert (result.accounting.written, result.accounting.duplicates) == (1, 1)


@pytest.mark.parametrize(
    "batch", [make_batch([]), Batch(SHARD, ["1"], [1.0], []), make_batch([VALID], partition='a"b')]
)
def test_an_ill_made_batch_is_the_callers_fault(context: Context, batch: Batch):
    with pytest.raises(ValueError, match=r"batch|partition"):
        process(batch, context)


def test_a_sequence_number_cannot_break_out_of_its_row(context: Context):
    with pytest.raises(ValueError, match="sequence number"):
        process(Batch(SHARD, ['1","home":"DE'], [1.0], [VALID]), context)


def test_a_batch_that_unpacks_to_too_much_is_left_in_part(context: Context, monkeypatch: pytest.MonkeyPatch):
    packed = [pack([numbered(n * 10 + i) for i in range(10)]) for n in range(5)]
    monkeypatch.setattr("processor.core.UNPACKED_BYTES", 2 * 10 * (len(VALID) + 1))
    first = process(make_batch([*packed, numbered(99)]), context)
    assert (first.taken, first.accounting.events_in, first.accounting.records_in) == (2, 20, 2)
    assert first.objects[-1].metadata["last-sequence"] == "100000000000000000001"
    # One record alone is always taken, however large: the cap of a single record holds for it.
    monkeypatch.setattr("processor.core.UNPACKED_BYTES", 1)
    assert process(make_batch(packed), context).taken == 1


def test_events_that_are_nothing_but_many_fill_a_call_too(context: Context):
    """23 bytes of record hold 20,000 empty lines: a hundred of them took more memory than the function has."""
    bomb = MAGIC + zstandard.ZstdCompressor().compress(b"\n" * MAX_EVENTS)
    assert len(bomb) < 100
    first = process(make_batch([bomb] * 100), context)
    assert first.accounting.closes()
    assert (first.accounting.events_in, first.taken) == (UNPACKED_EVENTS, UNPACKED_EVENTS // MAX_EVENTS)


def test_the_same_batch_gives_the_same_bytes_in_another_process(context: Context):
    program = (
        "import sys; from tests.processor.test_core import fingerprint; "
        "from events.contract import SHIPPED, load; sys.stdout.write(fingerprint(load(SHIPPED)))"
    )
    seen = {
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert seen == {fingerprint(context.contract)}


def fingerprint(contract: Contract) -> str:
    """All bytes that a generated batch becomes."""
    context = Context(contract, KeyRing("k1", {"k1": KEY}), boundary("eu").countries, "stream")
    payloads = [record.data for record in generate(contract, 400, 5, boundary="eu")]
    return "".join(stored.body.hex() + stored.key for stored in process(make_batch(payloads), context).objects)


def agree(payloads: list[bytes], context: Context) -> None:
    """The compiled processor and the reference say the same of these events."""
    result = process(make_batch(payloads), context)
    expected = reference.run(payloads, KEY, context.countries)
    rows = [json.loads(line) for line in lines(result, "bronze").splitlines()]
    assert [{name: row[name] for name in reference.FIELDS} for row in rows] == expected.rows
    quarantined = [json.loads(line)["event_id"] for line in lines(result, "quarantine").splitlines()]
    assert quarantined == expected.foreign
    dead = [int(json.loads(line)["_sequence"]) - 10**20 for line in lines(result, "dead-letter").splitlines()]
    assert dead == expected.undecodable
    assert result.accounting.duplicates == len(expected.repeats)
    assert result.accounting.closes()


def test_generated_events_agree_with_the_reference(context: Context):
    agree([record.data for record in generate(context.contract, 3000, 11, boundary="eu")], context)


BASE = json.loads(VALID)
STRANGE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
    st.lists(st.text()),
)
VALUES = st.sampled_from(
    ["FR", "US", "fr", "F", "", "click", "CLICK", "tenant-01", "tenant_01", "a\n", "2026-02-30T00:00:00Z", "\x00", "ü"]
)


@settings(max_examples=300, deadline=None)
@given(
    changes=st.dictionaries(st.sampled_from(reference.FIELDS), st.one_of(STRANGE, VALUES), max_size=3),
    extra=st.dictionaries(st.text(min_size=1), STRANGE, max_size=2),
    dropped=st.sets(st.sampled_from(reference.FIELDS), max_size=1),
    spaced=st.booleans(),
)
def test_any_json_event_agrees_with_the_reference(changes: dict, extra: dict, dropped: set, spaced: bool):
    event = {**extra, **BASE, **changes}
    for name in dropped:
        event.pop(name, None)
    text = json.dumps(event, ensure_ascii=not spaced, indent=2 if spaced else None)
    if "\ud800" <= max(text) <= "\udfff":  # what no encoder can write is not sent
        return
    agree([text.encode()], shared_context())


def test_the_objects_are_zstd_of_level_one(context: Context):
    body = process(make_batch([VALID]), context).objects[-1].body
    assert zstandard.get_frame_parameters(body).content_size > len(VALID)
