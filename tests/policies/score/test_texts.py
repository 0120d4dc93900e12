"""What one text is bent to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import geography
from policies.score.abroad import Abroad
from policies.score.texts import bends

EU = Abroad(geography.boundary("eu"))
CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "texts.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"])
def test_a_text_is_bent_in_exactly_these_ways(case: dict[str, Any]) -> None:
    assert {one.operator: one.text for one in bends(case["cloud"], case["text"], EU)} == case["bends"]
