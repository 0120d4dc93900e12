"""What the program says while it runs: `pulumi.log` and its standard output, as diagnostics without secrets."""

from __future__ import annotations

import inspect
import io
from dataclasses import dataclass, field
from typing import TextIO

from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2

from homeshore.engine.redaction import Secrets, callers


@dataclass
class Log:
    """The engine's side of `pulumi.log`. Messages are kept until the run ends: only then are all its secrets known."""

    secrets: Secrets
    entries: list[tuple[str, str]] = field(default_factory=list["tuple[str, str]"])
    root: str = ""

    def Log(self, request: engine_pb2.LogRequest) -> empty_pb2.Empty:  # noqa: N802
        """Keep one message; the SDK's own debug chatter is dropped."""
        if request.severity != engine_pb2.DEBUG:
            self.secrets.learn_from(callers(inspect.currentframe()))
            severity = engine_pb2.LogSeverity.Name(request.severity).lower()
            subject = f"{request.urn}: " if request.urn else ""
            self.entries.append((severity, f"{severity}: {subject}{request.message}"))
        return empty_pb2.Empty()

    def GetRootResource(self, _request: object) -> engine_pb2.GetRootResourceResponse:  # noqa: N802
        """The URN of the stack, once set."""
        return engine_pb2.GetRootResourceResponse(urn=self.root)

    def SetRootResource(  # noqa: N802
        self, request: engine_pb2.SetRootResourceRequest
    ) -> engine_pb2.SetRootResourceResponse:
        """Remember the URN of the stack."""
        self.root = request.urn
        return engine_pb2.SetRootResourceResponse()

    def RequirePulumiVersion(  # noqa: N802
        self, _request: object
    ) -> engine_pb2.RequirePulumiVersionResponse:
        """This engine goes with the installed SDK: the range that the program asks for was met when that was locked."""
        return engine_pb2.RequirePulumiVersionResponse()

    @property
    def errors(self) -> list[str]:
        """Messages of severity error: they fail a run, as they do under the real engine."""
        return [self.secrets.redact(text) for severity, text in self.entries if severity == "error"]

    def write_to(self, stream: TextIO) -> None:
        """Write what is kept, but for errors (they end in the exception), without a secret."""
        stream.writelines(self.secrets.redact(text) + "\n" for severity, text in self.entries if severity != "error")


class Printed(io.TextIOBase):
    """Stands for standard output while the program runs, so that a `print` never ends in a document of ours."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log, self._line = log, ""

    def writable(self) -> bool:
        """True: that is what it is for."""
        return True

    def write(self, text: str, /) -> int:
        """Keep whole lines as messages."""
        self._log.secrets.learn_from(callers(inspect.currentframe()))
        *lines, self._line = (self._line + text).split("\n")
        self._log.entries.extend(("info", line) for line in lines)
        return len(text)

    def finish(self) -> None:
        """Keep the last line, where it had no end."""
        if self._line:
            self.write("\n")
