"""Runs a program as the real engine runs it: in a child process that talks gRPC to a monitor and an engine here."""

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
from pulumi.runtime.proto import engine_pb2_grpc, resource_pb2_grpc

from homeshore.engine import Resource
from homeshore.engine.configuration import StackStrings
from homeshore.engine.log import Log
from homeshore.engine.monitor import Monitor, Refusal
from homeshore.project import Project

HOST = Path(__file__).with_name("language_host.py")
SECONDS = 120


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
    """The address of a gRPC server on loopback that answers for both."""
    server = grpc.server(futures.ThreadPoolExecutor(16))
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(_Monitor(monitor), server)
    engine_pb2_grpc.add_EngineServicer_to_server(_Engine(log), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(grace=None).wait()


def run_in_child(project: Project, stack: str, strings: StackStrings) -> Child:
    """Preview one stack in a child process."""
    monitor = Monitor(project.name, stack, strings, root=project.root)
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
