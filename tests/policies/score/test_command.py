"""What cannot be asked of `homeshore policy score` is refused with an example."""

from __future__ import annotations

import pytest

from homeshore.cli import run


@pytest.mark.parametrize("asked", [[], ["dev", "--all"]])
def test_stacks_or_all_of_them(asked: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["policy", "score", *asked]) == 2
    assert "one of the two" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--write", "--check"])
def test_the_page_is_about_every_bend(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["policy", "score", "--all", "--sample", "9", option]) == 2
    assert "no --sample" in capsys.readouterr().err
