"""`homeshore demo` before anything is started."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from homeshore.cli import run

ROOT = Path(__file__).parents[2]


def test_a_broken_contract_is_the_users_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("Pulumi.yaml", "Pulumi.dev.yaml", "__main__.py"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "clickstream.yaml").write_text("x: [")
    monkeypatch.chdir(tmp_path)
    assert run(["demo", "--events", "100"]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert "clickstream.yaml: 1 fault in the data contract" in err
    assert not (tmp_path / ".homeshore").exists()
