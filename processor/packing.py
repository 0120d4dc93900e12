"""Packed records: many events in one stream record.

A packed record is the four bytes `8F 48 53 31` (no JSON text can start with 8F) and one zstd frame, which must declare
its content size. The content is the events as JSON, one per line, each line ended by `\\n` (the last one may lack it).
Both the content size and the number of events are capped, so a small record cannot become a large job.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

import zstandard

MAGIC = b"\x8fHS1"
MAX_CONTENT_BYTES = 16 * 1024 * 1024
MAX_EVENTS = 20_000


class _PerThread(threading.local):
    """Functions runs the batches of several partitions side by side, and two threads in one decompressor crash it."""

    def __init__(self) -> None:
        self.decompressor = zstandard.ZstdDecompressor()


_own = _PerThread()


class PackFault(ValueError):  # noqa: N818 - named for what is wrong
    """A packed record that is not opened: it counts as one undecodable event. `reason` is a fixed word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def pack(events: Iterable[bytes], level: int = 3) -> bytes:
    """One record of `events` (JSON, without line breaks). Raises ValueError for what no reader would take."""
    lines = list(events)
    if not 0 < len(lines) <= MAX_EVENTS:
        raise ValueError(f"a packed record holds 1 to {MAX_EVENTS} events, not {len(lines)}")
    if any(b"\n" in line for line in lines):
        raise ValueError("an event in a packed record must not hold a line break")
    content = b"\n".join(lines) + b"\n"
    if len(content) > MAX_CONTENT_BYTES:
        raise ValueError(f"a packed record holds at most {MAX_CONTENT_BYTES} bytes, not {len(content)}")
    return MAGIC + zstandard.ZstdCompressor(level=level).compress(content)


def content_size(record: bytes) -> int:
    """How many bytes the packed `record` says it holds. Raises PackFault when it may not be opened."""
    try:
        size = zstandard.get_frame_parameters(record[len(MAGIC) :]).content_size
    except zstandard.ZstdError:
        raise PackFault("pack-frame") from None
    if size in (zstandard.CONTENTSIZE_UNKNOWN, zstandard.CONTENTSIZE_ERROR):
        raise PackFault("pack-unsized")
    if size > MAX_CONTENT_BYTES:
        raise PackFault("pack-too-large")
    return size


def unpack(record: bytes) -> list[bytes]:
    """The events of the packed `record`. Raises PackFault; a single bad event inside is not this function's matter."""
    content_size(record)  # before anything is allocated: the decompressor trusts the declared size
    try:
        content = _own.decompressor.decompress(record[len(MAGIC) :], allow_extra_data=False)
    except zstandard.ZstdError:
        raise PackFault("pack-frame") from None
    if not content:
        raise PackFault("pack-empty")
    if content.count(b"\n") > MAX_EVENTS:
        raise PackFault("pack-too-many-events")
    return content.removesuffix(b"\n").split(b"\n")
