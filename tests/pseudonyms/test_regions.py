"""One key in two regions: written to both, carried to a standby that lags, and never mixed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import geography
from components.naming import Names
from components.placement import Placement
from homeshore.cli import run
from homeshore.errors import UserError
from homeshore.pseudonyms import clouds
from homeshore.pseudonyms.regions import init_both, rotate_both
from homeshore.pseudonyms.ring import Read, SecretStore
from processor.keys import KeyRing
from tests.components.conftest import HOME, MINIMAL

Change = Callable[[SecretStore, SecretStore], KeyRing]
OTHER = geography.partners("aws", HOME, "eu")[0].region.name


class Held:
    """A secret in memory; `refuses` makes its next write fail."""

    def __init__(self, name: str, text: str | None = None) -> None:
        self.name, self.text, self.refuses, self.writes = name, text, False, 0

    def read(self) -> Read:
        return Read(self.text)

    def write(self, ring: KeyRing, read: Read) -> None:
        assert read.text == self.text
        if self.refuses:
            self.refuses = False
            raise UserError(f"{self.name}: out of reach")
        self.text = ring.to_secret()
        self.writes += 1


def pair(primary: KeyRing | None = None, standby: KeyRing | None = None) -> tuple[Held, Held]:
    first, second = (None if ring is None else ring.to_secret() for ring in (primary, standby))
    return Held("primary", first), Held("standby", second)


def test_both_regions_begin_and_rotate_with_one_key() -> None:
    primary, standby = pair()
    assert init_both(primary, standby).versions == ("k1",)
    assert rotate_both(primary, standby).versions == ("k1", "k2")
    assert primary.text == standby.text
    assert primary.text is not None
    assert KeyRing.from_secret(primary.text).current == "k2"


def test_a_standby_that_was_added_later_gets_the_primarys_key_and_the_primary_is_left_alone() -> None:
    ring = KeyRing.create().rotated()
    primary, standby = pair(ring)
    assert init_both(primary, standby).to_secret() == ring.to_secret()
    assert standby.text == primary.text == ring.to_secret()
    assert primary.writes == 0


@pytest.mark.parametrize("again", [init_both, rotate_both])
def test_a_run_that_ended_between_the_two_is_finished_by_the_next(again: Change) -> None:
    primary, standby = pair()
    init_both(primary, standby)
    standby.refuses = True
    with pytest.raises(UserError, match="out of reach"):
        rotate_both(primary, standby)
    assert primary.text != standby.text
    again(primary, standby)
    assert primary.text == standby.text


def test_a_key_that_both_hold_is_not_begun_again() -> None:
    ring = KeyRing.create()
    primary, standby = pair(ring, ring)
    with pytest.raises(UserError, match="holds a key already"):
        init_both(primary, standby)
    assert primary.writes + standby.writes == 0


@pytest.mark.parametrize("change", [init_both, rotate_both])
def test_different_keys_are_told_and_left_alone(change: Change) -> None:
    for ours, theirs in ((KeyRing.create(), KeyRing.create()), (KeyRing.create(), KeyRing.create().rotated())):
        primary, standby = pair(ours, theirs)
        with pytest.raises(UserError, match="holds another key than the primary") as told:
            change(primary, standby)
        assert primary.writes + standby.writes == 0
        assert not [key for key in json.loads(theirs.to_secret())["keys"].values() if key in str(told.value)]


def test_a_standby_that_is_ahead_is_never_cut_back() -> None:
    ring = KeyRing.create()
    primary, standby = pair(ring, ring.rotated())
    with pytest.raises(UserError, match=r"version k2"):
        rotate_both(primary, standby)
    assert primary.writes + standby.writes == 0


def test_a_primary_that_lost_its_key_is_not_given_a_new_one() -> None:
    primary, standby = pair(None, KeyRing.create())
    with pytest.raises(UserError, match=r"the primary .* holds none"):
        init_both(primary, standby)
    with pytest.raises(UserError, match="has no key yet"):
        rotate_both(primary, standby)
    assert primary.writes + standby.writes == 0


@pytest.mark.parametrize("standby", [False, True])
def test_the_command_writes_to_the_regions_that_the_stack_file_names(
    standby: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: dict[str, Held] = {}

    def reached(placement: Placement, names: Names) -> Held:
        assert placement.region == names.region
        return asked.setdefault(names.region, Held(f"secret in {names.region}"))

    monkeypatch.setattr(clouds, "stack_secret", reached)
    root = Path(__file__).parents[2]
    (tmp_path / "Pulumi.yaml").write_text((root / "Pulumi.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "events").mkdir()
    contract = Path("events/clickstream.yaml")
    (tmp_path / contract).write_text((root / contract).read_text(encoding="utf-8"), encoding="utf-8")
    config = {**MINIMAL, **({"standby": {"region": OTHER}} if standby else {})}
    document = {"config": {f"homeshore:{key}": value for key, value in config.items()}}
    (tmp_path / "Pulumi.test.yaml").write_text(json.dumps(document), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert run(["data", "key", "init", "test", "--json"]) == 0
    assert run(["data", "key", "rotate", "test"]) == 0
    told = capsys.readouterr().out
    regions = [HOME, OTHER] if standby else [HOME]
    assert list(asked) == regions
    assert len({held.text for held in asked.values()}) == 1
    shown = json.loads(told.splitlines()[0])
    assert shown["standby_secret"] == (f"secret in {OTHER}" if standby else None)
    assert [line.partition(":")[0] for line in told.splitlines()[1:]] == [f"secret in {region}" for region in regions]
