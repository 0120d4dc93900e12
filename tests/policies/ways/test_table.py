"""The page that compares is what the runs say, and the scan that it shows is of the ways that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.policies.ways import table
from tests.policies.ways.loader import CLOUDS, names

KEYS = [f"{cloud}/{name}" for (cloud, name), way in table.by_name().items() if not way.none]


def test_the_page_is_fresh(capsys: pytest.CaptureFixture[str]) -> None:
    assert table.main([]) == 0, capsys.readouterr().err


def test_a_stale_page_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "comparison.md"
    page.write_text(f"{table.BEGIN}\nold\n{table.END}", encoding="utf-8")
    monkeypatch.setattr(table, "PAGE", page)
    assert table.main([]) == 1
    assert "--write" in capsys.readouterr().err
    assert table.main(["--write"]) == 0
    assert table.main([]) == 0


def test_the_scan_is_of_every_way_by_one_version_on_one_day() -> None:
    assert [f"{row['cloud']}/{row['way']}" for row in table.checkov()] == KEYS
    assert len({(row["version"], row["date"]) for row in table.checkov()}) == 1
    version = table.checkov()[0]["version"]
    pinned = (Path(__file__).parents[3] / "benchmarks" / "requirements-checkov.txt").read_text(encoding="utf-8")
    assert f"\ncheckov=={version} " in pinned
    assert f"| Checkov | {version}, {table.checkov()[0]['date']} |" in table.PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("peer", table.peers())
def test_what_was_read_names_ways_and_sources(peer: str) -> None:
    told = table.peers()[peer]
    for kind in ("sees", "in_part", "demands"):
        assert set(told[kind]) <= set(KEYS)
        assert all(one["rule"] and one["name"] and one["source"] for one in told[kind].values())
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", str(told["read"]))
    assert told["version"]
    assert told["method"]


def test_ours_is_found_by_a_run_and_not_by_the_data(monkeypatch: pytest.MonkeyPatch) -> None:
    way = table.by_name()["aws", "replicas"]
    assert table.ours(way) == "SOV-AWS-004"
    monkeypatch.setattr(table, "judge", lambda stack: type("Nothing", (), {"failed": ()}))
    assert table.ours(way) == ""


def test_the_table_has_a_row_for_each_way_and_a_mark_for_each_cloud() -> None:
    rows = [line for line in table.table().splitlines() if re.match(r"\| \d+ \|", line)]
    assert len(rows) == len(names())
    for row in rows:
        for cell in row.strip("| ").split(" | ")[2:]:
            assert len(cell.split()) == len(CLOUDS)
