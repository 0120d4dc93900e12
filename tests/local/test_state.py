"""What is kept on disk, and that a killed run cannot spoil it."""

from __future__ import annotations

from pathlib import Path

import pytest

from homeshore.errors import UserError
from homeshore.local.fields import Fields
from homeshore.local.kind import Wanted
from homeshore.local.state import EmulatorRecord, LocalState

REGION, ACCOUNT = "somewhere", "123456789012"


def wanted(name: str, **inputs: object) -> Wanted:
    return Wanted(f"urn:{name}", "aws:s3/bucket:Bucket", name, Fields(inputs), REGION, ACCOUNT)


@pytest.fixture
def state(tmp_path: Path) -> LocalState:
    made = LocalState(tmp_path)
    made.directory.mkdir(parents=True)
    return made


def test_the_journal_keeps_the_order_of_creation_and_the_latest_declaration(state: LocalState) -> None:
    for item in (wanted("a", size=1), wanted("b"), wanted("a", size=2)):
        state.note("dev", item)
    noted = state.noted("dev")
    assert [(item.name, dict(item.inputs)) for item in noted] == [("a", {"size": 2}), ("b", {})]
    assert {(item.region, item.account_id) for item in noted} == {(REGION, ACCOUNT)}
    assert state.stacks() == ("dev",)


def test_a_line_that_a_kill_cut_off_does_not_hide_the_others(state: LocalState) -> None:
    state.note("dev", wanted("a"))
    with (state.directory / "dev.journal").open("a", encoding="utf-8") as file:
        file.write('{"urn": "urn:b", "ty')
    assert [item.name for item in state.noted("dev")] == ["a"]


def test_the_journal_is_for_its_owner_only(state: LocalState) -> None:
    state.note("dev", wanted("a"))
    assert (state.directory / "dev.journal").stat().st_mode & 0o077 == 0


def test_the_emulator_is_remembered_as_it_was(state: LocalState) -> None:
    record = EmulatorRecord("ministack", "http://127.0.0.1:1", "token", 12, "345")
    state.keep_emulator(record)
    assert LocalState(state.directory.parent.parent).emulator() == record


def test_two_runs_at_once_are_refused(state: LocalState) -> None:
    with state.locked(), pytest.raises(UserError, match="another `homeshore local` is at work"), state.locked():
        pass


def test_removing_leaves_neither_files_nor_an_empty_directory(state: LocalState, tmp_path: Path) -> None:
    state.note("dev", wanted("a"))
    state.remove()
    assert list(tmp_path.iterdir()) == []


def test_what_others_keep_beside_it_stays(state: LocalState, tmp_path: Path) -> None:
    beside = tmp_path / ".homeshore" / "other"
    beside.write_text("x", encoding="utf-8")
    state.remove()
    assert beside.exists()
    assert not state.directory.exists()


def test_a_lock_alone_is_not_left_behind(tmp_path: Path) -> None:
    with LocalState(tmp_path).locked():
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_spoilt_file_is_an_error_with_the_remedy(state: LocalState) -> None:
    (state.directory / "emulator.json").write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match=r"cannot be read.*delete "):
        state.emulator()


def test_a_directory_that_cannot_be_written_is_an_error_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / ".homeshore").write_text("a file in the way")
    with pytest.raises(UserError, match="cannot be written: Not a directory"), LocalState(tmp_path).locked():
        pass
