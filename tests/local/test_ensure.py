"""How one resource is brought to what is declared, whatever the emulator makes of it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from homeshore.local.aws import Aws
from homeshore.local.fields import Fields
from homeshore.local.kind import Applied, ApplyError, Change, Found, Kind, Wanted, ensure

NOWHERE = Aws("http://127.0.0.1:1", "nowhere", "123456789012")


class Emulator:
    """Holds one resource as plain data; `drops` are inputs that it takes and never shows."""

    def __init__(self, held: Mapping[str, object] | None = None, drops: frozenset[str] = frozenset()) -> None:
        self.held = dict(held) if held is not None else None
        self.drops = drops
        self.calls: list[str] = []
        self.given: dict[str, object] = {}

    def kind(self, *, fixed: frozenset[str] = frozenset(), engine_only: frozenset[str] = frozenset()) -> Kind:
        return Kind(self._read, self._create, self._update, self._delete, fixed, engine_only)

    def _read(self, aws: Aws, wanted: Wanted) -> Found | None:
        return None if self.held is None else Found("id-1", dict(self.held))

    def _create(self, aws: Aws, wanted: Wanted) -> None:
        """Only the name is set at creation: what follows has to come from the update."""
        self.calls.append("create")
        self.held = {"name": wanted.inputs["name"]}

    def _update(self, aws: Aws, wanted: Wanted, found: Found, drift: frozenset[str]) -> None:
        self.calls.append(f"update {','.join(sorted(drift))}")
        assert self.held is not None
        for name in drift:
            self.given[name] = wanted.inputs[name]
            if name not in self.drops:
                self.held[name] = wanted.inputs[name]

    def _delete(self, aws: Aws, wanted: Wanted, found: Found) -> None:
        self.calls.append("delete")
        self.held = None


def apply(emulator: Emulator, kind: Kind | None = None, *unread: str, **inputs: object) -> Applied:
    wanted = Wanted("urn:x", "a:b/c:C", "x", Fields({"name": "n", **inputs}), "somewhere", "123456789012")
    return ensure(kind or emulator.kind(), NOWHERE, wanted, frozenset(unread))


def test_what_is_missing_is_created_and_then_completed() -> None:
    emulator = Emulator()
    outcome = apply(emulator, days=30)
    assert (outcome.change, outcome.unconfirmed) == (Change.CREATED, frozenset())
    assert emulator.calls == ["create", "update days"]
    assert emulator.held == {"name": "n", "days": 30}


def test_what_is_as_declared_is_not_touched() -> None:
    emulator = Emulator({"name": "n", "days": 30, "more": 1})
    assert apply(emulator, days=30).change is Change.UNCHANGED
    assert emulator.calls == []


def test_only_what_differs_is_written() -> None:
    emulator = Emulator({"name": "n", "days": 31, "size": 1})
    outcome = apply(emulator, days=30, size=1)
    assert (outcome.change, outcome.drift) == (Change.UPDATED, {"days"})
    assert emulator.calls == ["update days"]


def test_what_a_killed_run_left_half_made_is_completed() -> None:
    emulator = Emulator({"name": "n"})
    assert apply(emulator, days=30).change is Change.UPDATED
    assert emulator.held == {"name": "n", "days": 30}


def test_what_cannot_change_in_place_is_replaced() -> None:
    emulator = Emulator({"name": "n", "cidr": "old"})
    outcome = apply(emulator, emulator.kind(fixed=frozenset({"cidr"})), cidr="new")
    assert outcome.change is Change.REPLACED
    assert emulator.calls == ["delete", "create", "update cidr"]


def test_an_input_of_the_engine_is_never_compared_nor_written() -> None:
    emulator = Emulator({"name": "n"})
    outcome = apply(emulator, emulator.kind(engine_only=frozenset({"forceDestroy"})), forceDestroy=True)
    assert outcome.change is Change.UNCHANGED
    assert emulator.calls == []


def test_an_input_that_is_known_not_to_be_read_back_is_written_once_and_then_left() -> None:
    emulator = Emulator(drops=frozenset({"metrics"}))
    assert apply(emulator, None, "metrics", metrics=["a"]).unconfirmed == frozenset()
    assert emulator.given == {"metrics": ["a"]}
    assert apply(emulator, None, "metrics", metrics=["a"]).change is Change.UNCHANGED
    assert emulator.calls == ["create", "update metrics"]


def test_an_input_that_is_taken_and_not_shown_is_named_and_is_no_change() -> None:
    emulator = Emulator(drops=frozenset({"metrics"}))
    assert apply(emulator, metrics=["a"]).unconfirmed == {"metrics"}
    again = apply(emulator, metrics=["a"])
    assert (again.change, again.unconfirmed) == (Change.UNCHANGED, {"metrics"})


def test_an_emulator_that_shows_nothing_after_creation_is_an_error() -> None:
    emulator = Emulator()
    kind = Kind(lambda aws, wanted: None, lambda aws, wanted: None, emulator.kind().update, emulator.kind().delete)
    with pytest.raises(ApplyError, match=r"a:b/c:C 'x'.*does not show it"):
        apply(emulator, kind)
