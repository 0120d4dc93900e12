"""The parity sheet says nothing that no test shows, on every cloud, and is fresh."""

from __future__ import annotations

import re

import pytest

from tests.conformance import evidence, parity, tables
from tests.conformance.parity import CLOUDS, Cell, cells
from tests.conformance.subjects import PROJECT, stack_files, subject
from tests.conformance.tables import Deviation


@pytest.mark.parametrize("cell", cells(), ids=lambda cell: f"{cell.cloud}-{cell.aspect}")
def test_every_cell_is_shown(cell: Cell) -> None:
    assert cell.told()
    assert "{" not in cell.told()
    claim = Deviation(cell.cloud, "", cell.aspect, "", "", cell.shown_by)
    own = [subject(name) for name in stack_files()]
    assert evidence.unfounded(claim, own) == []


def test_every_aspect_is_told_for_every_cloud_once() -> None:
    places = [(cell.aspect, cell.cloud) for cell in cells()]
    assert sorted(places) == sorted({(aspect, cloud) for aspect, _ in places for cloud in CLOUDS})


def test_the_page_is_fresh() -> None:
    assert parity.page() == parity.PAGE.read_text(encoding="utf-8"), (
        "run `python -m tests.conformance.parity --write` and commit docs/parity.md"
    )


def test_every_link_of_the_page_leads_to_a_file() -> None:
    links = re.findall(r"\]\(\.\./([^)]+)\)", parity.page())
    assert len(links) > len(cells())
    assert all((PROJECT.root / link).is_file() for link in links)


def test_every_deviation_stands_on_the_page_with_its_reason() -> None:
    text = parity.page()
    for each in tables.deviations():
        assert each.what in text
        assert each.reason.replace("|", "\\|") in text
