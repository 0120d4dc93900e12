"""Where in the program a resource was made: the SDK sends the call stack of each registration."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol, cast
from urllib.parse import unquote

OURS = "homeshore/engine/"
INSTALLED = "/site-packages/"


class _Position(Protocol):
    uri: str
    line: int


class _Frame(Protocol):
    pc: _Position


def made_at(trace: object, root: Path | None) -> str | None:
    """The innermost line of the program's own in a `StackTrace`, as `components/aws/bucket.py:57` from `root`.

    None where no frame lies in the project: an installed package made it, or the SDK itself.
    """
    if root is None:
        return None
    inside = f"{root.as_uri().rstrip('/')}/"
    for frame in cast("Iterable[_Frame]", getattr(trace, "frames", ())):
        uri, line = frame.pc.uri, frame.pc.line
        if not uri.startswith(inside) or INSTALLED in uri:
            continue
        path = unquote(uri.removeprefix(inside))
        if path.startswith(OURS):  # what runs the program: there is nothing of the program below it
            return None
        return f"{path}:{line}"
    return None
