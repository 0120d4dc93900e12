"""The same program in a child process, over real gRPC, registers the same: the seam is the real engine's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import engine_pb2_grpc, resource_pb2_grpc

from homeshore.engine import Resource, run_program
from homeshore.engine.configuration import StackStrings, stack_strings
from homeshore.engine.log import Log
from homeshore.engine.monitor import Monitor, Refusal
from homeshore.project import Project, find_project

pytestmark = pytest.mark.grpc

HOST = Path(__file__).with_name("language_host.py")
CHECKOUT = find_project(Path(__file__).parent)
SECONDS = 120
SHOWCASE = """
config = pulumi.Config()

class Box(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("my:box:Box", name, {}, opts)
        self.key = aws.kms.Key(f"{name}-key", description=config.require("text"), opts=ResourceOptions(parent=self))
        self.register_outputs({"key": self.key.arn})

box = Box("box", ResourceOptions(provider=provider, protect=True, aliases=[pulumi.Alias(name="crate")]))
hidden = config.require_secret("token")
bucket = aws.s3.Bucket("b", bucket="name", tags={"s": Output.secret("pl4nted"), "t": hidden, "k": box.key.arn},
                       opts=ResourceOptions(provider=provider, retain_on_delete=True, ignore_changes=["tags"]))
aws.s3.BucketVersioning("v", bucket=bucket.id, versioning_configuration={"status": "Enabled"},
                        opts=ResourceOptions(provider=provider, depends_on=[box], delete_before_replace=True))
existing = aws.kms.Key.get("existing", "1234", opts=explicit)
identity = aws.get_caller_identity_output(opts=pulumi.InvokeOptions(provider=provider))
pulumi.export("all", {"account": identity.account_id, "bucket": bucket.bucket, "list": [hidden, existing.id]})
"""


class _Served:
    """Answers each method of the protocol by the object behind it, refusals as gRPC errors."""

    def __init__(self, target: object) -> None:
        self._target = target

    def __getattribute__(self, name: str) -> Any:
        target = object.__getattribute__(self, "_target")
        if name.startswith("_") or not hasattr(target, name):
            return object.__getattribute__(self, name)

        def answer(request: object, context: grpc.ServicerContext) -> object:
            try:
                return getattr(target, name)(request)
            except Refusal as refusal:
                context.abort(refusal.code(), refusal.details())

        return answer


class _Monitor(_Served, resource_pb2_grpc.ResourceMonitorServicer):
    pass


class _Engine(_Served, engine_pb2_grpc.EngineServicer):
    pass


@dataclass
class Child:
    """A run in a child process: what its monitor recorded, and how it ended."""

    monitor: Monitor
    log: Log
    code: int = -1
    stderr: str = ""
    resources: dict[str, Resource] = field(default_factory=dict)


@contextmanager
def served(monitor: Monitor, log: Log) -> Iterator[str]:
    server = grpc.server(futures.ThreadPoolExecutor(16))
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(_Monitor(monitor), server)
    engine_pb2_grpc.add_EngineServicer_to_server(_Engine(log), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(grace=None).wait()


def in_a_child(project: Project, stack: str, strings: StackStrings) -> Child:
    monitor = Monitor(project.name, stack, strings)
    child = Child(monitor, Log(monitor.secrets))
    environment = {
        **os.environ,
        "PULUMI_CONFIG": json.dumps(dict(strings.values)),
        "PULUMI_CONFIG_SECRET_KEYS": json.dumps(strings.secret_keys),
    }
    with served(monitor, child.log) as address:
        done = subprocess.run(
            [sys.executable, HOST, "--monitor", address, "--engine", address, "--project", project.name,
             "--stack", stack, "--dry_run", "--pwd", project.root, "--root_directory", project.root,
             project.root / "__main__.py"],
            env=environment, capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
    child.code, child.stderr = done.returncode, done.stderr
    child.resources = {resource.urn: resource for resource in monitor.resources()}
    return child


def test_the_showcase_registers_the_same(program):
    fixture = program(SHOWCASE)
    stack_file = fixture.root / "Pulumi.dev.yaml"
    stack_file.write_text("config:\n  proj:text: hello\n  proj:token: {secure: v1:cipher}\n")
    strings = stack_strings(stack_file, "proj", fixture.defaults)
    child = in_a_child(fixture.project, "dev", strings)
    assert (child.code, child.stderr) == (0, "")
    here = fixture.run()
    assert child.resources == {resource.urn: resource for resource in here.resources}
    assert child.monitor.outputs == here.outputs
    assert len(child.resources) == 7


@pytest.mark.parametrize("stack", CHECKOUT.stacks())
def test_each_stack_of_the_checkout_registers_the_same(stack):
    strings = stack_strings(CHECKOUT.stack_file(stack), CHECKOUT.name, CHECKOUT.config)
    child = in_a_child(CHECKOUT, stack, strings)
    assert child.code == 0, child.log.errors or child.stderr
    here = run_program(CHECKOUT, stack)
    assert child.resources == {resource.urn: resource for resource in here.resources}
    assert child.monitor.outputs == here.outputs


def test_a_refusal_arrives_in_the_same_words(program):
    fixture = program('aws.kms.Key("k")\n', provider=False)
    strings = StackStrings({"pulumi:disable-default-providers": '["*"]'})
    child = in_a_child(fixture.project, "dev", strings)
    assert child.code == 1
    (told,) = child.log.errors
    urn = "urn:pulumi:dev::proj::aws:kms/key:Key::k"
    assert told == f"error: Exception: Default provider for 'aws' disabled. '{urn}' must use an explicit provider."
