"""How it ends: killed, interrupted, taken down; on an emulator of our own and on one that was there before."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from homeshore.local import cloud, emulator, processes
from homeshore.local.aws import Aws
from homeshore.local.backend import UNEXPLAINED
from homeshore.local.emulators import choose
from homeshore.local.kind import IDENTITY_TAG
from homeshore.local.state import LocalState
from homeshore.project import Project
from tests.local.embedded import Up, eventually, port_is_open, processes_using

pytestmark = pytest.mark.embedded
HOMESHORE = [sys.executable, "-c", "from homeshore.cli import main; main()"]
RUNNING = """
import sys, time
from pathlib import Path
from homeshore.local import cloud
from homeshore.project import find_project
try:
    with cloud.running(find_project(Path(sys.argv[1])), "small") as up:
        print(up.endpoint, flush=True)
        time.sleep(60)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@contextmanager
def command(project: Project, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """`homeshore ARGUMENTS` in the project, in a process group of its own."""
    with subprocess.Popen(
        [*HOMESHORE, *arguments],
        cwd=project.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as child:
        watchdog = threading.Timer(60, child.kill)
        watchdog.start()
        try:
            yield child
        finally:
            watchdog.cancel()
            child.kill()


def read_until(child: subprocess.Popen[str], text: str) -> None:
    assert child.stderr is not None
    seen: list[str] = []
    for line in child.stderr:
        seen.append(line)
        if text in line:
            return
    raise AssertionError(f"{text!r} was never said:\n{''.join(seen)}")


def assert_nothing_is_left(project: Project, endpoint: str | None) -> None:
    assert not (project.root / ".homeshore").exists()
    if endpoint is not None:
        assert not port_is_open(endpoint)
    eventually("no process works here", lambda: processes_using(project.root) == [], 5)


@pytest.mark.parametrize("moment", ["MiniStack, embedded, at", " 20/"])
def test_killed_in_mid_up_it_converges_and_down_leaves_nothing(project: Project, moment: str) -> None:
    with command(project, "local", "up", "dev") as child:
        read_until(child, moment)
        child.send_signal(signal.SIGKILL)
        child.wait()
    record = LocalState(project.root).emulator()
    assert record is not None
    assert record.pid is not None
    assert processes.started_at(record.pid) == record.started

    up = Up(project, "dev", cloud.up(project, "dev"))
    try:
        assert up.report.pid == record.pid
        assert up.report.changes.created
        again = cloud.up(project, "dev")
        assert len(again.changes.unchanged) == len(again.digests) == 45
        identities = [
            tag.text("Value")
            for vpc in up.aws.each("ec2", "describe_vpcs", "Vpcs")
            for tag in vpc.blocks("Tags")
            if tag.text("Key") == IDENTITY_TAG
        ]
        assert len(identities) == 1
        assert len(list(up.aws.each("kms", "list_keys", "Keys"))) == 1
        assert len(up.client("lambda").list_event_source_mappings()["EventSourceMappings"]) == 1
    finally:
        assert cloud.down(project, "dev")
    assert processes.started_at(record.pid) is None
    assert_nothing_is_left(project, record.endpoint)
    assert not cloud.down(project, "dev")


@pytest.mark.parametrize(("number", "moment"), [(signal.SIGINT, " 10/"), (signal.SIGTERM, "MiniStack, embedded, at")])
def test_interrupted_in_mid_up_it_stops_what_it_started(project: Project, number: signal.Signals, moment: str) -> None:
    with command(project, "local", "up", "small") as child:
        read_until(child, moment)
        child.send_signal(number)
        _, errors = child.communicate()
        assert child.returncode == 130
        assert "Traceback" not in errors
    assert_nothing_is_left(project, None)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_the_context_manager_takes_down_when_it_is_ended(project: Project, number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", RUNNING, str(project.root)], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as child:
        watchdog = threading.Timer(60, child.kill)
        watchdog.start()
        assert child.stdout is not None
        endpoint = child.stdout.readline().strip()
        assert port_is_open(endpoint)
        child.send_signal(number)
        assert child.stdout.readline().strip() == "interrupted"
        child.wait()
        watchdog.cancel()
    assert_nothing_is_left(project, endpoint)


def test_a_second_ctrl_c_does_not_break_off_the_cleaning_up(project: Project) -> None:
    with command(project, "local", "up", "small") as child:
        read_until(child, " 10/")
        for _ in range(5):
            child.send_signal(signal.SIGINT)
            time.sleep(0.1)
        _, errors = child.communicate()
        assert child.returncode == 130
        assert "Traceback" not in errors
    assert_nothing_is_left(project, None)


def test_what_fails_while_it_is_taken_down_leaves_nothing(project: Project) -> None:
    def gone(message: str) -> None:
        if "stopping" in message:
            raise OSError("the terminal is gone")

    endpoint = None
    with pytest.raises(OSError, match="terminal"), cloud.running(project, "small", progress=gone) as up:
        endpoint = up.endpoint
    assert_nothing_is_left(project, endpoint)


def test_the_command_line_leaves_a_usable_endpoint_and_takes_it_away(project: Project) -> None:
    def run(*arguments: str) -> dict[str, object]:
        with command(project, "local", *arguments, "--json") as child:
            printed, errors = child.communicate()
            assert child.returncode == 0, errors
            document = json.loads(printed)
            assert document["version"] == 1
            return document

    before = run("status", "small")
    assert (before["running"], before["resources"]) == (False, [])
    up = run("up", "small")
    try:
        endpoint = str(up["endpoint"])
        assert set(up) == {
            *("version", "stack", "emulator", "endpoint", "region", "account_id", "pid"),
            *("outputs", "environment", "resources", "limits"),
        }
        aws = Aws(endpoint, str(up["region"]), str(up["account_id"]))
        assert aws.call("kinesis", "list_streams").texts("StreamNames") == ("fixture-small-stream",)
        status = run("status", "small")
        assert (status["running"], status["endpoint"], status["pid"]) == (True, endpoint, up["pid"])
        assert status["outputs"] == up["outputs"]
    finally:
        down = run("down", "small")
    assert down["was_there"] is True
    assert_nothing_is_left(project, endpoint)


def test_a_stale_record_never_ends_another_process(project: Project) -> None:
    state = LocalState(project.root)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as bystander:
        try:
            state.keep_emulator(
                emulator.EmulatorRecord("ministack", "http://127.0.0.1:1", "f" * 32, bystander.pid, "long ago")
            )
            assert cloud.down(project, "small")
            assert bystander.poll() is None
        finally:
            bystander.kill()
    assert_nothing_is_left(project, None)


@pytest.fixture
def foreign(tmp_path: Path) -> Iterator[Aws]:
    """An emulator that somebody else started: one of another project serves for it."""
    state = LocalState(tmp_path / "elsewhere")
    running = emulator.start(state, choose(environment={}))
    try:
        yield Aws(running.endpoint, "", "")
    finally:
        emulator.discard(state)


def test_one_that_was_there_is_used_cleaned_and_left_running(
    project: Project, foreign: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", foreign.endpoint)
    report = cloud.up(project, "dev")
    assert report.changes.not_read_back
    assert [entry for entry in report.changes.not_read_back if entry.reason == UNEXPLAINED] == []
    again = cloud.up(project, "dev")
    assert len(again.changes.unchanged) == len(again.digests)
    aws = Aws(report.endpoint, report.region, report.account_id)
    assert (report.emulator, report.pid, report.endpoint) == ("ministack", None, foreign.endpoint)
    assert aws.call("kinesis", "list_streams").texts("StreamNames") == ("fixture-dev-stream",)
    aws.call("s3", "put_object", Bucket=report.outputs["bucket"], Key="bronze/x", Body=b"1")

    assert cloud.down(project, "dev")

    assert port_is_open(foreign.endpoint)
    assert aws.call("kinesis", "list_streams").texts("StreamNames") == ()
    assert aws.call("s3", "list_buckets").blocks("Buckets") == ()
    assert aws.call("lambda", "list_functions").blocks("Functions") == ()
    assert aws.call("lambda", "list_event_source_mappings").blocks("EventSourceMappings") == ()
    assert aws.call("glue", "get_databases").blocks("DatabaseList") == ()
    assert aws.call("iam", "list_roles").blocks("Roles") == ()
    assert aws.call("sns", "list_topics").blocks("Topics") == ()
    assert aws.call("secretsmanager", "list_secrets").blocks("SecretList") == ()
    assert [vpc for vpc in aws.each("ec2", "describe_vpcs", "Vpcs") if not vpc.flag("IsDefault")] == []
    assert list(aws.each("ec2", "describe_vpc_endpoints", "VpcEndpoints")) == []
    assert aws.call("cloudwatch", "describe_alarms").blocks("MetricAlarms") == ()
    assert aws.call("logs", "describe_log_groups").blocks("logGroups") == ()
    assert_nothing_is_left(project, None)
    assert os.environ["AWS_ENDPOINT_URL"] == foreign.endpoint


def test_an_endpoint_at_which_nothing_answers_is_an_error_and_leaves_nothing(project: Project) -> None:
    with command(project, "local", "up", "small", "--endpoint", "http://127.0.0.1:9") as child:
        printed, errors = child.communicate()
    assert child.returncode == 2
    assert printed == ""
    assert "no emulator answers at http://127.0.0.1:9" in errors
    assert_nothing_is_left(project, None)
