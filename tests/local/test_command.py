"""The command line of the local cloud, where no emulator is needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from homeshore.cli import run
from homeshore.project import Project


@pytest.mark.parametrize("arguments", [["local"], ["local", "up"], ["local", "status"], ["local", "down"]])
def test_each_help_shows_a_real_example(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*arguments, "--help"]) == 0
    assert "Example: homeshore local " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["up", "bogus"], "there is no stack 'bogus'"),
        (["status", "bogus"], "there is no stack 'bogus'"),
        (["up", "dev", "--emulator", "moto"], "there is no such emulator"),
        (["up", "dev", "--endpoint", "nonsense"], "is not a URL"),
        (["up", "dev", "--endpoint", "https://sts.amazonaws.com"], "is the real cloud"),
        (["sideways"], "No such command"),
    ],
)
def test_bad_input_ends_with_2_and_leaves_nothing(
    project: Project,
    arguments: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(project.root)
    assert run(["local", *arguments]) == 2
    printed = capsys.readouterr()
    assert said in printed.err
    assert printed.out == ""
    assert not (project.root / ".homeshore").exists()


def test_down_and_status_without_anything_up_say_so(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project.root)
    assert run(["local", "status"]) == 0
    assert run(["local", "down"]) == 0
    assert capsys.readouterr().out == (
        "dev: no emulator runs here; `homeshore local up dev` starts one\ndev: nothing was up\n"
    )
    assert not (project.root / ".homeshore").exists()


CLOUDLESS = """
import pulumi
import pulumi_gcp as gcp
provider = gcp.Provider("primary", project="p", region="somewhere")
"""


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("raise ValueError('my own mistake')", "my own mistake"),
        ("import pulumi", "declares no AWS provider"),
        (CLOUDLESS, "declares no AWS provider"),
        ("import pulumi_aws as aws\naws.Provider('p', region='r')", "exactly one account"),
        ("import pulumi_aws as aws\naws.Provider('p', allowed_account_ids=['1'])", "must name its region"),
    ],
)
def test_a_program_that_cannot_come_up_here_is_refused_before_anything_starts(
    project: Project,
    program: str,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path(project.root, "__main__.py").write_text(program, encoding="utf-8")
    monkeypatch.chdir(project.root)
    assert run(["local", "up", "dev"]) == 2
    assert said in capsys.readouterr().err
    assert not (project.root / ".homeshore").exists()
