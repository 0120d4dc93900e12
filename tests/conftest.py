"""What all tests share: only loopback may be reached, and `--accept` rewrites golden inventories."""

from __future__ import annotations

import importlib.util
import os
import tempfile
from pathlib import Path

import pytest

GUARD = Path(__file__).parent / "guard"
LOG = "LOOPBACK_ONLY_LOG"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept", action="store_true", help="rewrite the golden inventories to what is now")


def pytest_configure(config: pytest.Config) -> None:
    """Guard this process and, through PYTHONPATH, every Python process that a test starts."""
    if LOG in os.environ:  # a worker of pytest-xdist: its parent has done so
        _guard_this_process()
        return
    descriptor, name = tempfile.mkstemp(prefix="refused-connections-")
    os.close(descriptor)
    os.environ[LOG] = name
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(GUARD), os.environ.get("PYTHONPATH"))))
    config.add_cleanup(lambda: Path(name).unlink(missing_ok=True))
    _guard_this_process()


def _guard_this_process() -> None:
    spec = importlib.util.spec_from_file_location("loopback_guard", GUARD / "sitecustomize.py")
    assert spec is not None
    assert spec.loader is not None
    spec.loader.exec_module(importlib.util.module_from_spec(spec))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A connection that the guard refused fails the run, also where the code under test swallowed the refusal."""
    if _refused() and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if refused := _refused():
        terminalreporter.section("outbound connections were refused", red=True)
        terminalreporter.write(refused)


def _refused() -> str:
    return Path(os.environ[LOG]).read_text(encoding="utf-8")


@pytest.fixture
def accept(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be rewritten (`pytest --accept`)."""
    return bool(request.config.getoption("--accept"))
