"""A program that fails: the user's own error, with file and line, and nothing of the machinery on stderr."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from homeshore.engine import ProgramFailed
from tests.engine.conftest import PULUMI_YAML

ENTRY = "from homeshore.cli import main; main()"
CASES = {
    "a plain error": (
        "def build():\n    raise ValueError('no shards')\nbuild()",
        "__main__.py:2 in build: ValueError: no shards",
    ),
    "an error with a cause": (
        "try:\n    {}['a']\nexcept KeyError as fault:\n    raise ValueError('bad') from fault",
        "caused by __main__.py:2: KeyError: 'a'",
    ),
    "an error of a module": ("import helper", "helper.py:2 in f: ZeroDivisionError: division by zero"),
    "a missing module": ("import not_there", "__main__.py:1: ModuleNotFoundError: No module named 'not_there'"),
    "a syntax error": ("x = 1\ndef f(:", "__main__.py:2: SyntaxError: invalid syntax"),
    "a syntax error of a module": ("import broken", "broken.py:1: SyntaxError"),
    "an exit": ("import sys\nsys.exit(3)", "__main__.py:2: the program left with exit code 3"),
    "an exit with a text": ("raise SystemExit('not today')", "the program left: not today"),
    "endless recursion": ("def f():\n    f()\nf()", "RecursionError: maximum recursion depth exceeded"),
    "an error in an apply": (
        "import pulumi\npulumi.Output.from_input(3).apply(lambda value: value.nope)",
        "__main__.py:2: AttributeError: 'int' object has no attribute 'nope'",
    ),
    "an exit in an apply": (
        "import pulumi, sys\npulumi.Output.from_input(3).apply(lambda value: sys.exit(4))",
        "__main__.py:2: the program left with exit code 4",
    ),
    "an input that cannot be sent": (
        (
            "import pulumi, pulumi_aws as aws\np = aws.Provider('p')\n"
            "aws.kms.Key('k', description=object(), opts=pulumi.ResourceOptions(provider=p))"
        ),
        "__main__.py:3: ValueError: unexpected input of type object for description in Key",
    ),
    "an error in an input of an input": (
        (
            "import pulumi, pulumi_aws as aws\np = aws.Provider('p')\n"
            "aws.kinesis.Stream('s', stream_mode_details={'stream_mode': object()},\n"
            "                   opts=pulumi.ResourceOptions(provider=p))"
        ),
        "__main__.py:3: ValueError: unexpected input of type object",
    ),
    "an error that spreads": (
        (
            "import pulumi, pulumi_aws as aws\n"
            "opts = pulumi.ResourceOptions(provider=aws.Provider('p'))\n"
            "bad = pulumi.Output.from_input('x').apply(lambda text: text.nope)\n"
            "one = aws.kms.Key('one', description=bad, opts=opts)\n"
            "two = aws.kms.Key('two', description=one.arn, opts=opts)\n"
            "pulumi.export('two', two.arn)"
        ),
        "__main__.py:3: AttributeError: 'str' object has no attribute 'nope'",
    ),
    "tasks left behind": (
        (
            "import asyncio\nasync def wait():\n    await asyncio.sleep(600)\n"
            "async def fail():\n    raise KeyError('b')\n"
            "kept = [asyncio.ensure_future(wait()), asyncio.ensure_future(fail())]\nraise ValueError('a')"
        ),
        "__main__.py:7: ValueError: a",
    ),
    "an error that was logged": ("import pulumi\npulumi.log.error('not good')", "error: not good"),
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text(PULUMI_YAML)
    (tmp_path / "Pulumi.dev.yaml").write_text("")
    (tmp_path / "helper.py").write_text("def f():\n    1 / 0\nf()\n")
    (tmp_path / "broken.py").write_text("def (:\n")
    return tmp_path


def homeshore(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line in a child, with Python's own warnings shown but for the provider SDK's deprecations."""
    command = [sys.executable, "-X", "dev", "-W", "ignore::DeprecationWarning", "-c", ENTRY, *arguments]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("case", CASES)
def test_the_users_own_error(program, case):
    source, told = CASES[case]
    fixture = program(source, bare=True, helper="def f():\n    1 / 0\nf()\n", broken="def (:\n")
    with pytest.raises(ProgramFailed) as caught:
        fixture.run()
    assert told in str(caught.value)
    assert "site-packages" not in str(caught.value)
    assert "asyncio" not in str(caught.value)
    assert fixture.diagnostics.getvalue() == ""


def test_a_run_error_shows_only_its_message(program):
    fixture = program("import pulumi\nraise pulumi.RunError('Pulumi.dev.yaml: peak lies below average')", bare=True)
    with pytest.raises(ProgramFailed) as caught:
        fixture.run()
    assert str(caught.value) == "Pulumi.dev.yaml: peak lies below average"


def test_a_project_without_a_program(program):
    fixture = program("")
    (fixture.root / "__main__.py").unlink()
    with pytest.raises(ProgramFailed, match=r"__main__\.py: the project has no program"):
        fixture.run()


@pytest.mark.parametrize("case", ["an error that spreads", "tasks left behind", "an error in an apply"])
def test_exit_code_two_and_nothing_else_on_stderr(project, case):
    source, told = CASES[case]
    (project / "__main__.py").write_text(source)
    done = homeshore(project, "preview", "dev", "--json")
    assert done.returncode == 2
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert lines[0] == "The program of stack 'dev' failed:"
    assert told in lines[1]
    assert all(line.startswith("  ") for line in lines[2:])


def test_what_a_program_prints_is_not_in_the_document(project):
    import json

    (project / "__main__.py").write_text("import pulumi\nprint('hello', end='')\npulumi.log.warn('careful')\n")
    done = homeshore(project, "preview", "dev", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["stack"] == "dev"
    assert done.stderr == "warning: careful\nhello\n"


@pytest.mark.parametrize(
    "source",
    [
        "import time\ntime.sleep(60)",
        "import asyncio\nasync def f():\n    await asyncio.sleep(60)\nimport pulumi\npulumi.run(f)",
    ],
)
def test_ctrl_c_ends_it_at_once(project, source):
    (project / "__main__.py").write_text(f"open('started', 'w').close()\n{source}\n")
    child = subprocess.Popen(
        [sys.executable, "-X", "dev", "-c", ENTRY, "preview", "dev"],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + 30
        while not (project / "started").exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        time.sleep(0.2)
        os.killpg(child.pid, signal.SIGINT)
        out, err = child.communicate(timeout=20)
    finally:
        child.kill()
    assert (child.returncode, out, err.strip()) == (130, "", "interrupted")


def test_a_failed_run_leaves_nothing_for_the_next(program, tmp_path):
    fixture = program(CASES["tasks left behind"][0], bare=True)
    path, argv, directory = list(sys.path), list(sys.argv), Path.cwd()
    with pytest.raises(ProgramFailed):
        fixture.run()
    assert (sys.path, sys.argv, Path.cwd()) == (path, argv, directory)
    (tmp_path / "__main__.py").write_text(textwrap.dedent("import pulumi\npulumi.export('fine', True)\n"))
    assert fixture.run().outputs == {"fine": True}
