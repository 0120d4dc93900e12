"""The main job on the other clouds' emulators, as a user starts it: it accounts, ends, and leaves nothing behind."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from homeshore.cli import run
from homeshore.emulators import azurite as azure
from homeshore.emulators import google
from homeshore.emulators.children import EmulatorMissing
from tests.clouds import emulators
from tests.local.embedded import PASSED, eventually, processes_using

ROOT = Path(__file__).parents[2]
HOMESHORE = [sys.executable, "-c", "import sys; from homeshore.cli import main; main()"]
EVENTS = 3000
LISTENING = "0A"  # the state's number in /proc/net/tcp
LOOPBACK = ("0100007F", "0000000000000000FFFF00000100007F")


@pytest.fixture
def environment(tmp_path: Path) -> Mapping[str, str]:
    """What the command is started with: its files go below `tmp_path`, and no setting of the user leads elsewhere."""
    foreign = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9", "AZURE_CLIENT_ID": "x"}
    return {**os.environ, "TMPDIR": str(tmp_path), "HOMESHORE_LOCAL_PASS": PASSED, **foreign}


@pytest.fixture
def cloud(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The cloud whose emulators can be started here; else the policy of tests/clouds decides."""
    name: str = request.param
    directory = tmp_path_factory.mktemp("there")
    needed = {"azure": [emulators.azurite(directory)], "gcp": [emulators.pubsub(directory), emulators.gcs(directory)]}
    with ExitStack() as there:
        for emulator in needed[name]:
            there.enter_context(emulator)
    return name


@pytest.mark.embedded
@pytest.mark.parametrize("cloud", ["azure", "gcp"], indirect=True)
def test_the_main_job_accounts_for_every_event_and_leaves_nothing(
    cloud: str, environment: Mapping[str, str], tmp_path: Path
) -> None:
    command = [*HOMESHORE, "demo", "--cloud", cloud, "--events", str(EVENTS), "--json"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr.decode()
    found = json.loads(done.stdout)
    assert (found["version"], found["cloud"], found["closes"], found["faults"]) == (1, cloud, True, [])
    assert found["events"] == {
        "sent": EVENTS,
        "stored": EVENTS - 90 - 60 - 30,
        "quarantined": 90,
        "dead_lettered": 60,
        "duplicates": 30,
        "missing": 0,
    }
    assert found["silver_rows"] == found["events"]["stored"]
    assert sum(int(row["events"]) for row in found["query"]) == found["events"]["stored"]
    assert set(found["query"][0]) == {"hour_start", "event_type", "events", "users"}
    assert found["resources"] is found["not_applied"] is found["findings"] is found["monthly_usd"] is None
    assert all(limit["what"] and limit["reason"] for limit in found["limits"])
    assert list(found["seconds"]) == ["up", "produce", "process", "query", "account", "down", "total"]
    assert b"sending 3,000 events" in done.stderr
    assert list(tmp_path.iterdir()) == []
    assert processes_using(tmp_path) == []


@pytest.mark.embedded
@pytest.mark.parametrize("cloud", ["azure", "gcp"], indirect=True)
def test_ctrl_c_stops_everything_that_was_started(cloud: str, environment: Mapping[str, str], tmp_path: Path) -> None:
    with subprocess.Popen(
        [*HOMESHORE, "demo", "--cloud", cloud, "--events", "400000"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as command:
        assert command.stderr is not None
        # The step before has ended, so all is started and the producer is at work.
        assert any(b"127.0.0.1" in line for line in command.stderr)
        started = processes_using(tmp_path)
        assert len(started) == {"azure": 2, "gcp": 3}[cloud]
        assert outside(started) == []
        command.send_signal(signal.SIGINT)
        _, rest = command.communicate(timeout=60)
        assert command.returncode == 130, rest.decode()
        assert b"Traceback" not in rest
    eventually("no process works here", lambda: processes_using(tmp_path) == [], 5)
    assert list(tmp_path.iterdir()) == []


def outside(pids: list[int]) -> list[str]:
    """Addresses on which the processes listen and that are not this machine's own."""
    inodes = {link for pid in pids for link in sockets(pid)}
    rows = [row.split() for kind in ("tcp", "tcp6") for row in Path("/proc/net", kind).read_text().splitlines()[1:]]
    listening = [row[1] for row in rows if row[3] == LISTENING and f"socket:[{row[9]}]" in inodes]
    assert listening
    return [address for address in listening if address.split(":")[0] not in LOOPBACK]


def sockets(pid: int) -> Iterator[str]:
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            yield str(descriptor.readlink())
        except OSError:  # closed meanwhile
            continue


@pytest.mark.parametrize(
    ("cloud", "program", "said"),
    [("azure", "node", "Azurite needs node"), ("gcp", "gcloud", "comes with gcloud"), ("gcp", "java", "needs Java")],
)
def test_a_missing_program_is_told_with_what_to_do(
    cloud: str,
    program: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gcloud(tmp_path / "sdk")
    there = {name: f"/usr/bin/{name}" for name in ("node", "java")} | {"gcloud": str(tmp_path / "sdk/bin/gcloud")}
    monkeypatch.setattr("shutil.which", lambda name: None if name == program else there[name])
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.chdir(ROOT)
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        assert run(["demo", "--cloud", cloud, "--events", "100"]) == 2
    err = err.getvalue()
    assert not out.getvalue()
    assert said in err
    assert any(word in err for word in ("Install", "Run `gcloud"))
    assert list((tmp_path / "scratch").iterdir()) == []


def gcloud(root: Path) -> None:
    """Google's SDK as far as its Pub/Sub emulator is looked for."""
    library = root / "platform" / "pubsub-emulator" / "lib"
    library.mkdir(parents=True)
    (library / "cloud-pubsub-emulator-1.jar").touch()
    (root / "bin").mkdir()
    (root / "bin" / "gcloud").touch()


def test_an_emulator_that_is_not_installed_names_make_emulators(tmp_path: Path) -> None:
    with pytest.raises(EmulatorMissing, match="make emulators"), azure.azurite(tmp_path, tmp_path):
        pass
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("homeshore.emulators.google.WRAPPER", "no_such_wrapper")
        with pytest.raises(EmulatorMissing, match="make setup") as raised, google.gcs(tmp_path):
            pass
    assert raised.value.obtainable


def test_missing_libraries_are_told_before_anything_is_started(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "azure.storage.blob", None)
    monkeypatch.setattr(
        "homeshore.demo.workspace.find_spec", lambda name: None if name == "azure.storage.blob" else object()
    )
    monkeypatch.chdir(ROOT)
    assert run(["demo", "--cloud", "azure", "--events", "100"]) == 2
    err = capsys.readouterr().err
    assert "azure.storage.blob" in err
    assert "make setup" in err
    assert "cryptography" not in err


def test_keep_is_for_the_cloud_that_brings_a_stack_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    assert run(["demo", "--cloud", "gcp", "--keep"]) == 2
    assert "--keep" in capsys.readouterr().err


def test_the_stack_s_own_cloud_is_the_one_that_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert run(["demo", "--stack", "dev-azure", "--events", "100"]) == 2
    assert "Azurite needs node" in capsys.readouterr().err
    assert run(["demo", "--stack", "dev-azure", "--cloud", "gcp"]) == 2
    assert "stack dev-azure stands on azure" in capsys.readouterr().err


@pytest.mark.embedded
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child when its parent is killed")
def test_a_killed_run_leaves_no_process(environment: Mapping[str, str], tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from homeshore.emulators.children import child;"
        "directory = Path(sys.argv[1])\n"
        "with child([sys.executable, '-c', 'import time; time.sleep(60)'], {}, directory / 'log'):\n"
        "    print('started', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], env=environment, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"started\n"
        assert len(processes_using(tmp_path)) > 1  # the parent's arguments name it too
        parent.kill()
    eventually("no process works here", lambda: processes_using(tmp_path) == [], 5)
