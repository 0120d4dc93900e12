"""Keeps the secrets of a run out of what is told about it: logs, printed lines, error messages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import FrameType, TracebackType
from typing import cast

from homeshore.engine.values import MASK, SIGNATURE, UNKNOWN, is_secret

SHORTEST = 3  # characters; hiding shorter secrets would blank out ordinary text


@dataclass
class Secrets:
    """The texts to hide. They come from registrations, and from the values that an `apply` is working on."""

    texts: set[str] = field(default_factory=set[str])

    def learn(self, value: object) -> None:
        """Remember the texts inside the secrets of a property value."""
        self.texts.update(_texts(value, inside=False))

    def learn_from(self, frames: Iterable[FrameType]) -> None:
        """Remember the secret values that callbacks on these frames are working on.

        A program may tell, or fail with, a secret that it never hands to a resource. It can read one only inside
        `Output.apply`, whose coroutine (`run`, in pulumi.output) holds the value and whether it is secret.
        """
        for frame in frames:
            if frame.f_code.co_name == "run" and frame.f_globals.get("__name__") == "pulumi.output":
                known = frame.f_locals
                if known.get("is_secret"):
                    self.texts.update(_texts(known.get("value"), inside=True))

    def redact(self, text: str) -> str:
        """The text without any of the secrets, the longest first."""
        found = sorted((secret for secret in tuple(self.texts) if secret in text), key=len, reverse=True)
        return re.sub("|".join(map(re.escape, found)), MASK, text) if found else text


def callers(frame: FrameType | None) -> Iterator[FrameType]:
    """The frame and those that called it."""
    while frame is not None:
        yield frame
        frame = frame.f_back


def frames_of(fault: BaseException | None) -> Iterator[FrameType]:
    """The frames of an exception and of what caused it."""
    seen: set[int] = set()
    while fault is not None and id(fault) not in seen:
        seen.add(id(fault))
        trace: TracebackType | None = fault.__traceback__
        while trace is not None:
            yield trace.tb_frame
            trace = trace.tb_next
        fault = fault.__cause__ or fault.__context__


def _texts(value: object, *, inside: bool) -> Iterator[str]:
    """Every text inside the secrets of the value, in each spelling in which a message may quote it."""
    if isinstance(value, Mapping):
        mapping = cast("Mapping[str, object]", value)
        inside = inside or is_secret(mapping)
        for key, item in mapping.items():
            if key != SIGNATURE:
                yield from _texts(item, inside=inside)
    elif isinstance(value, list | tuple | set):
        for item in cast("Iterable[object]", value):
            yield from _texts(item, inside=inside)
    elif inside and isinstance(value, str | int | float) and not isinstance(value, bool):
        text = str(value)
        if len(text) >= SHORTEST and text not in (UNKNOWN, MASK):
            yield from {text, json.dumps(text)[1:-1], repr(text)[1:-1], *_lines(text)}


def _lines(text: str) -> Iterator[str]:
    """The lines of a longer secret (a key file), because a log takes a text apart at line ends."""
    return (line for line in text.splitlines() if len(line) >= SHORTEST)
