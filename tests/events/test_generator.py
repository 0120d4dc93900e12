"""Generated events: exact numbers, the same for the same seed, and each of the kind that it says."""

from __future__ import annotations

from collections import Counter

import pytest

from events.contract import SHIPPED, load
from events.generator import Counts, counts, generate
from geography import UnknownBoundary, boundary
from processor.core import Batch, Context, process
from processor.keys import KeyRing
from processor.schema import Contract, Field

CONTRACT = load(SHIPPED)


@pytest.mark.parametrize("count", [0, 1, 7, 100, 12_345])
def test_the_numbers_are_exact(count: int):
    number = counts(count)
    kinds = Counter(record.kind for record in generate(CONTRACT, count, 1, boundary="eu"))
    assert Counts(*(kinds[kind] for kind in ("valid", "foreign", "undecodable", "duplicate"))) == number
    assert sum(number) == count


def test_the_default_shares_are_three_two_and_one_in_a_hundred():
    assert counts(100_000) == Counts(94_000, 3_000, 2_000, 1_000)


def test_the_same_seed_gives_the_same_events_and_another_one_others():
    first = list(generate(CONTRACT, 500, 42, boundary="eu"))
    assert first == list(generate(CONTRACT, 500, 42, boundary="eu"))
    assert first != list(generate(CONTRACT, 500, 43, boundary="eu"))


@pytest.mark.parametrize("name", ["eu", "us", "ch"])
@pytest.mark.parametrize("seed", range(3))
def test_each_event_is_what_it_says(name: str, seed: int):
    """Judged by the processor, one batch of all: duplicates repeat bytes, so they are found whatever their distance."""
    records = list(generate(CONTRACT, 3000, seed, foreign=0.1, undecodable=0.1, duplicates=0.1, boundary=name))
    ring = KeyRing("k1", {"k1": bytes(32)})
    context = Context(CONTRACT, ring, boundary(name).countries, "stream")
    numbers = [str(n) for n in range(len(records))]
    batch = Batch("s", numbers, [0.0] * len(records), [record.data for record in records])
    accounting = process(batch, context).accounting
    number = counts(3000, foreign=0.1, undecodable=0.1, duplicates=0.1)
    assert (accounting.written, accounting.quarantined) == (number.valid, number.foreign)
    assert (accounting.dead_lettered, accounting.duplicates) == (number.undecodable, number.duplicates)


def test_a_duplicate_repeats_an_earlier_event_and_its_partition_key():
    seen: dict[bytes, str] = {}
    for record in generate(CONTRACT, 2000, 9, duplicates=0.2, boundary="eu"):
        if record.kind == "duplicate":
            assert seen[record.data] == record.partition_key
        seen[record.data] = record.partition_key


def test_events_are_as_large_as_announced_and_spread_over_hours():
    records = [r for r in generate(CONTRACT, 5000, 1, boundary="eu") if r.kind == "valid"]
    assert 700 < sum(len(r.data) for r in records) / len(records) < 790
    hours = {r.data.split(b'"event_time":"')[1][:13] for r in records}
    assert len(hours) == 3


@pytest.mark.parametrize("shares", [{"foreign": 1.0}, {"foreign": -0.1}, {"foreign": 0.5, "undecodable": 0.5}])
def test_impossible_shares_are_refused(shares: dict[str, float]):
    with pytest.raises(ValueError, match="share"):
        generate(CONTRACT, 10, 1, boundary="eu", **shares)


def test_a_contract_with_other_fields_is_refused():
    other = Contract("other", "1.0.0", (*CONTRACT.fields, Field("shoe_size", "integer")))
    with pytest.raises(ValueError, match="shoe_size"):
        generate(other, 10, 1, boundary="eu")


def test_an_unknown_boundary_is_refused():
    with pytest.raises(UnknownBoundary):
        generate(CONTRACT, 10, 1, boundary="atlantis")
