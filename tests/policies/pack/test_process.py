"""The pack as Pulumi's engine starts it: a process of its own, in the pack's directory, asked over gRPC."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import grpc
import pytest
import yaml
from pulumi.runtime.proto import analyzer_pb2_grpc

import policies
from homeshore.check.policy import plain
from policies.rules import catalogue, rules
from tests.policies.pack.engine import Pack, as_config, ask, configure, here, served
from tests.policies.pack.test_pack import open_stream, some
from tests.policies.test_own_stacks import snapshot

PACK = Path(policies.__file__).parent
SECONDS = 60


@pytest.fixture(scope="module")
def started() -> Iterator[tuple[Pack, Any]]:
    """The pack's stub, and the pack's own account of itself."""
    manifest = yaml.safe_load((PACK / "PulumiPolicy.yaml").read_text(encoding="utf-8"))
    assert manifest["runtime"] == {"name": "python", "options": {"virtualenv": "../.venv"}}
    environment = {key: value for key, value in os.environ.items() if key not in ("PULUMI_CONFIG", "PYTHONPATH")}
    environment |= {"PULUMI_PROJECT": "homeshore", "PULUMI_STACK": "test", "PULUMI_DRY_RUN": "true"}
    command = [sys.executable, "-m", "pulumi.policy", "127.0.0.1:1", str(PACK)]
    with subprocess.Popen(command, cwd=PACK, env=environment, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            with grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.enable_http_proxy", 0)]) as channel:
                grpc.channel_ready_future(channel).result(SECONDS)
                stub: Any = analyzer_pb2_grpc.AnalyzerStub(channel)
                yield cast("Pack", stub), stub
        finally:
            process.terminate()
            process.wait(SECONDS)


def test_no_module_hides_one_of_pythons_own() -> None:
    # The engine starts the pack in its directory, which then stands first on the path.
    names = {path.stem for path in PACK.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert not (names - {"__init__", "__main__"}) & sys.stdlib_module_names


def test_every_rule_is_a_policy_under_its_id(started: tuple[Pack, Any]) -> None:
    from google.protobuf import empty_pb2

    info = started[1].GetAnalyzerInfo(empty_pb2.Empty())
    names = [one.name for one in info.policies]
    assert names[0] == "parameters"
    assert {one.id for one in rules()} <= set(names)
    assert set(names) - set(catalogue()) == {
        *("parameters", "exemptions-expiring", "declared-transfers", "sovereignty-enabled"),
        *("known-after-update", "known-at-update"),
        *("ENC-AWS-003-mend", "PUB-AWS-001-mend"),
    }
    schema = next(one for one in info.policies if one.name == "parameters").configSchema
    assert "boundary" in schema.properties.keys()  # noqa: SIM118 - a protobuf Struct
    assert all(one.description and one.displayName for one in info.policies if one.name in catalogue())


def test_it_gives_the_diagnostics_that_it_gives_in_process(
    started: tuple[Pack, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PULUMI_CONFIG", raising=False)
    pack = started[0]
    compared = 0
    for one in some(12):
        resources = served(one.stack)
        for each in (pack, local := here()):
            configure(each, as_config(one.stack))
        assert ask(pack, resources) == ask(local, resources), one.name
        compared += 1
    assert compared > 60


def test_its_config_is_judged(started: tuple[Pack, Any]) -> None:
    configure(started[0], {"boundary": "atlantis"})
    told = [one.message for one in ask(started[0], open_stream()) if one.policy == "parameters"]
    assert len(told) == 1
    assert "there is no boundary 'atlantis'" in told[0]


def test_a_stack_of_ours_passes(started: tuple[Pack, Any]) -> None:
    configure(started[0], {})
    resources = [plain(one) for one in snapshot("homeshore-dev").resources]
    assert {one.policy for one in ask(started[0], resources)} <= {"known-after-update"}
