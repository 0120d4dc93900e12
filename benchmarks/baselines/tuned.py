"""The same, tuned: orjson for json, the one-shot hmac, zstd at level 1 for gzip."""

from __future__ import annotations

import hmac
from typing import Any

import orjson
import zstandard

from benchmarks.baselines.common import Baseline, Libraries, UndecodableError


def _loads(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as fault:
        try:
            data.decode()
        except UnicodeDecodeError:
            raise UndecodableError("utf-8", "UnicodeDecodeError") from None
        if str(fault).startswith("depth limit"):
            raise UndecodableError("depth", "RecursionError") from None
        raise UndecodableError("json", "DecodeError") from None


def _digest(key: bytes, message: bytes) -> str:
    return hmac.digest(key, message, "sha256").hex()


def tuned(key: bytes, countries: frozenset[str]) -> Baseline:
    """powertools + pydantic + hmac + orjson + zstd-1."""
    compressor = zstandard.ZstdCompressor(level=1)
    return Baseline(key, countries, Libraries(_loads, orjson.dumps, _digest, compressor.compress))
