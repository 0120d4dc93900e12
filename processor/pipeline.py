"""What every adapter shares: its settings, the key ring and its age, a batch stored, and what is told about it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from typing import Self

import msgspec

from geography import boundary
from processor.core import Accounting, Batch, Context, Result, process
from processor.keys import KeyRing
from processor.schema import Contract
from processor.store import ObjectStore, store_all

KEY_TTL_SECONDS = 300.0
KEY_GRACE_SECONDS = 3600.0  # a key that is not older still serves when it cannot be fetched anew

# The metrics of a batch, by the field of its accounting: the same names and meanings on every cloud.
METRICS: Mapping[str, str] = {
    "EventsIn": "events_in",
    "Written": "written",
    "Quarantined": "quarantined",
    "DeadLettered": "dead_lettered",
    "Duplicates": "duplicates",
}


class Settings(msgspec.Struct, frozen=True):
    """What the stack tells the processor through its environment; an adapter adds what its cloud needs."""

    bucket: str
    stream: str
    boundary: str
    secret: str

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """The settings in `environment`. Raises RuntimeError that lists every variable that is missing."""
        names = [f"HOMESHORE_{name.upper()}" for name in cls.__struct_fields__]
        missing = [name for name in names if not environment.get(name)]
        if missing:
            raise RuntimeError(f"the processor's environment lacks {', '.join(missing)}")
        return cls(*(environment[name] for name in names))


def print_line(line: str) -> None:
    """Write one log line to standard output, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


class KeyCache:
    """The pseudonym key ring, fetched once and again when it is older than KEY_TTL_SECONDS.

    Where fetching it again fails, the one at hand serves until it is KEY_GRACE_SECONDS old: a short outage of the
    secret store must not drive batches into the failed ones, where they would lie raw.
    """

    def __init__(
        self,
        fetch: Callable[[], str],
        clock: Callable[[], float] = time.monotonic,
        tell: Callable[[str], None] = print_line,
    ) -> None:
        """`fetch` gives the secret's text, `clock` seconds; `tell` takes a log line."""
        self._fetch = fetch
        self._clock = clock
        self._tell = tell
        self._ring: KeyRing | None = None
        self._fetched = 0.0

    def ring(self) -> KeyRing:
        """The ring. Raises KeyFault, and what the secret store raises: without the key nothing may be stored."""
        now = self._clock()
        if self._ring is None or now - self._fetched >= KEY_TTL_SECONDS:
            try:
                ring = KeyRing.from_secret(self._fetch())
            except Exception as fault:
                if self._ring is None or now - self._fetched >= KEY_GRACE_SECONDS:
                    raise
                self._tell(f"the pseudonym key cannot be fetched anew ({type(fault).__name__}): kept as it was")
                return self._ring
            self._ring, self._fetched = ring, now
        return self._ring


class Pipeline:
    """One warm process: contract compiled, clients made, key cached."""

    def __init__(self, settings: Settings, contract: Contract, store: ObjectStore, keys: KeyCache) -> None:
        """Raises geography.UnknownBoundary for a boundary that this package does not know, and what `keys` raises."""
        self.stream = settings.stream
        self._store = store
        self._keys = keys
        countries = boundary(settings.boundary).countries
        self._context = Context(contract, keys.ring(), countries, settings.stream, store.codec)

    def refresh(self) -> None:
        """Take up a new key version when the cached one is old. Raises what the secret store raises."""
        ring = self._keys.ring()
        if ring is not self._context.ring:
            self._context = self._context.with_ring(ring)

    def store(self, batch: Batch) -> Result:
        """Process `batch` and store its objects: when this returns, its first `taken` records are in the bucket."""
        result = process(batch, self._context)
        store_all(self._store, result.objects)
        return result


def counts(accounting: Accounting) -> dict[str, int]:
    """The metrics of one batch by name, in events."""
    return {name: getattr(accounting, field) for name, field in METRICS.items()}


def stored_line(stream: str, batch: Batch, accounting: Accounting, **more: int) -> str:
    """One log line for a stored batch, as JSON: counts and positions only. `more` are further counts."""
    line = {
        "severity": "INFO",
        "message": "batch stored",
        "Namespace": "Homeshore",
        "Stream": stream,
        "Shard": batch.partition,
        "FirstSequence": batch.sequences[0],
        **counts(accounting),
        **more,
    }
    return msgspec.json.encode(line).decode()


def failed_line(stream: str, fault: BaseException, records: int) -> str:
    """One log line for a batch that could not be stored, as JSON: the fault's class and code, never its message.

    A message may quote what was being processed.
    """
    code = getattr(fault, "error_code", None) or getattr(fault, "code", None)
    line = {
        "severity": "ERROR",
        "message": "batch failed",
        "Namespace": "Homeshore",
        "Stream": stream,
        "Fault": type(fault).__name__,
        "Code": str(getattr(code, "value", code)) if isinstance(code, str | int) else "",
        "Records": records,
    }
    return msgspec.json.encode(line).decode()
