"""How objects are compressed: a fact per cloud, because every SQL engine there must read them.

zstd where it does (Athena, DuckDB); gzip where one reads nothing else: BigQuery's JSON tables (`compression` is GZIP or
NONE) and Synapse's OPENROWSET (GZIP). gzip comes from ISA-L, which takes a quarter of zlib's time and as much as zstd.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from typing import Literal, cast

import zstandard

Codec = Literal["zstd", "gzip"]

SUFFIXES: Mapping[Codec, str] = {"zstd": ".jsonl.zst", "gzip": ".jsonl.gz"}
"""What an object's name ends with: readers go by it, DuckDB and Synapse among them."""

_ZSTD_LEVEL = 1
_GZIP_LEVEL = 2
_GZIP_MAGIC = b"\x1f\x8b"


def compressor(codec: Codec) -> Callable[[bytes], bytes]:
    """What compresses a body; the same bytes give the same bytes."""
    if codec == "zstd":
        # One for each body: batches may run side by side, and two threads in one compressor crash it.
        return lambda body: zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(body)
    from isal import igzip  # in the packages for Azure and GCP only

    # Its stub leaves the type of `data` open.
    compress = cast("Callable[..., bytes]", igzip.compress)  # pyright: ignore[reportUnknownMemberType]
    return lambda body: compress(body, _GZIP_LEVEL, mtime=0)


def content(body: bytes) -> bytes:
    """What was compressed, by either codec. Raises ValueError for a body that cannot be read."""
    try:
        if body.startswith(_GZIP_MAGIC):
            return gzip.decompress(body)
        return zstandard.ZstdDecompressor().decompressobj().decompress(body)
    except (zstandard.ZstdError, OSError, EOFError) as fault:
        raise ValueError(f"cannot be decompressed: {type(fault).__name__}") from None


def stem_and_suffix(key: str) -> tuple[str, str]:
    """An object's name without and with its codec's ending. Raises ValueError for another name."""
    for suffix in SUFFIXES.values():
        if key.endswith(suffix):
            return key.removesuffix(suffix), suffix
    raise ValueError(f"{key!r} does not end with {' or '.join(SUFFIXES.values())}")
