"""The usual way: the standard library's json and hmac, gzip at its best level."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
from typing import Any

from benchmarks.baselines.common import Baseline, Libraries, UndecodableError

MAX_NESTING = 500


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _loads(data: bytes) -> Any:
    try:
        return json.loads(data.decode(), parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise UndecodableError("utf-8", "UnicodeDecodeError") from None
    except RecursionError:
        raise UndecodableError("depth", "RecursionError") from None
    except ValueError:
        # Newer Pythons follow thousands of levels and then stumble over the end.
        if data.count(b"[") > data.count(b"]") + MAX_NESTING:
            raise UndecodableError("depth", "RecursionError") from None
        raise UndecodableError("json", "DecodeError") from None


def _dumps(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _digest(key: bytes, message: bytes) -> str:
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def usual(key: bytes, countries: frozenset[str]) -> Baseline:
    """powertools + pydantic + hmac + gzip-9."""
    return Baseline(key, countries, Libraries(_loads, _dumps, _digest, lambda body: gzip.compress(body, 9, mtime=0)))
