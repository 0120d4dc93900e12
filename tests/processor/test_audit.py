"""The audit: it counts by position, and it notices what does not add up."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from processor.audit import Held, accounting_of, audit
from processor.core import Context, process
from tests.processor.batches import VALID, make_batch, numbered

FOREIGN = VALID.replace(b'"home":"FR"', b'"home":"US"')


def held(context: Context, payloads: Sequence[bytes], first: int = 0) -> list[Held]:
    result = process(make_batch(payloads, first=first), context)
    return [Held(stored.key, stored.body, stored.metadata) for stored in result.objects]


def test_events_that_two_batches_hold_count_once(context: Context):
    events = [numbered(1), FOREIGN, b"{", numbered(1), numbered(2)]
    found = audit([*held(context, events), *held(context, events[2:], first=2)])
    assert (found.stored, found.duplicates, found.quarantined, found.dead_lettered) == (2, 1, 1, 1)
    assert found.redelivered == 3
    assert found.closes(5)
    assert not found.closes(6)
    assert found.batches.events_in == 8


def test_duplicates_across_batches_and_in_one_are_counted_alike(context: Context):
    apart = audit([*held(context, [numbered(1)]), *held(context, [numbered(1)], first=1)])
    together = audit(held(context, [numbered(1), numbered(1)]))
    assert (apart.stored, apart.duplicates) == (together.stored, together.duplicates) == (1, 1)


def test_other_objects_are_passed_over(context: Context):
    found = audit([*held(context, [VALID]), Held("query-results/x.csv", b"a,b", {})])
    assert (found.objects, found.faults) == (1, ())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"body": b"not zstd"}, "cannot be read"),
        ({"metadata": {}}, "cannot be read"),
        ({"more": {"written": "7"}}, "does not close"),
        ({"more": {"written": "2", "events-in": "2", "records-in": "2"}}, "holds 1 rows, and its accounting says 2"),
    ],
)
def test_an_object_that_does_not_add_up_is_named(context: Context, change: dict, words: str):
    (good,) = held(context, [VALID])
    metadata = {**change.get("metadata", good.metadata), **change.get("more", {})}
    bad = good._replace(body=change.get("body", good.body), metadata=metadata)
    found = audit([bad])
    assert not found.closes(1)
    assert any(words in fault and good.key in fault for fault in found.faults)


def test_the_accounting_survives_the_metadata(context: Context):
    result = process(make_batch([VALID, FOREIGN, b""]), context)
    assert accounting_of(result.objects[-1].metadata) == result.accounting
    assert set(msgspec.to_builtins(result.accounting)) <= set(result.objects[-1].metadata)
