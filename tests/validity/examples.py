"""The SDKs' own documented examples, run under capture as far as each gets: the resources that they register."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import io
import keyword
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from homeshore.engine import BackendError, ProgramFailed, Registered, Resource, run_program
from homeshore.project import Project
from validity.sdk import args_class

FENCE = re.compile(r"^( *)```python\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
TEXT = re.compile(r"^(<class '|pulumi\.output\.Output\[|typing\.Optional\[)*str\b")
MARK = "<computed>"


@dataclass
class Recorder:
    """A backend that keeps what is registered, also of a program that fails later, and makes nothing.

    Every text that a cloud would answer is the mark of an unknown, and an example feeds it to its next resources.
    """

    resources: list[Resource] = field(default_factory=list[Resource])
    dry_run: bool = False

    def register(self, resource: Resource) -> Registered:
        self.resources.append(resource)
        module, name = _home(resource.type)
        return Registered(MARK, dict.fromkeys(_texts(module, name), MARK))

    def invoke(self, token: str, args: Mapping[str, object]) -> Mapping[str, object]:
        del args
        module, name = _home(token)
        return dict.fromkeys(_texts(module, f"{name[0].upper()}{name[1:]}Result"), MARK)


def _home(token: str) -> tuple[str, str]:
    """The SDK's module of a type or a function, and its name there."""
    package, module, name = token.split(":")
    module = module.split("/")[0].lower()
    return f"pulumi_{package.replace('-', '_')}.{module}{'_' if keyword.iskeyword(module) else ''}", name


@cache
def _texts(module: str, name: str) -> frozenset[str]:
    """The wire names of the properties that are text."""
    found = getattr(importlib.import_module(module), name, None)
    members = inspect.getmembers(found, lambda item: isinstance(item, property)) if found else []
    return frozenset(_wire(key) for key, item in members if TEXT.search(str(item.fget.__annotations__.get("return"))))


def _wire(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def programs(token: str) -> Iterator[str]:
    """The example programs in the text of a resource type."""
    described = args_class(token)
    assert described is not None, token
    source = Path(inspect.getfile(described)).read_text(encoding="utf-8")
    seen: set[str] = set()
    for indent, body in FENCE.findall(source):
        program = textwrap.dedent(body.replace(f"\n{indent}", "\n") if indent else body)
        if program not in seen:
            seen.add(program)
            yield textwrap.dedent(body)


def resources(program: str, folder: Path) -> list[Resource]:
    """What the program registers until it ends or fails."""
    (folder / "__main__.py").write_text(program, encoding="utf-8")
    recorder = Recorder()
    with contextlib.suppress(ProgramFailed, BackendError):  # many examples name files that are not there
        run_program(Project(folder, "example", {}), "dev", backend=recorder, config={}, diagnostics=io.StringIO())
    return recorder.resources
