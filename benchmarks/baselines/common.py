"""The work that both baselines do: validate, gate, quarantine, dead-letter, deduplicate, tokenise, account.

It is written as a team would write it with these libraries, and its output is compared byte by byte with ours.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.kinesis_stream_event import KinesisStreamRecord
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TENANT = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
COUNTRY = re.compile(r"[A-Z]{2}")
# Fields whose pattern our processor checks itself, and names the error so.
PATTERNED = {"event_id", "tenant_id"}


class Event(BaseModel):
    """The contract as a pydantic model; attributes of an event that are not declared are dropped."""

    model_config = ConfigDict(extra="ignore")

    event_id: Annotated[str, Field(pattern=f"^{UUID.pattern}$")]
    event_time: AwareDatetime
    event_type: Literal["page_view", "click", "search", "add_to_cart", "purchase", "login"]
    tenant_id: Annotated[str, Field(pattern=f"^{TENANT.pattern}$")]
    home: Annotated[str, Field(pattern=f"^{COUNTRY.pattern}$")]
    user_id: Annotated[str, Field(min_length=1, max_length=256)]
    ip: Annotated[str, Field(min_length=2, max_length=45)]
    page: Annotated[str, Field(min_length=1, max_length=4096)]
    referrer: Annotated[str, Field(max_length=4096)] | None = None
    attributes: dict[str, Any] | None = None


class UndecodableError(Exception):
    """An event that cannot be read: the reason and the name of the error, as the dead letter shows them."""

    def __init__(self, reason: str, error: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.error = error


@dataclass(frozen=True)
class Libraries:
    """What differs between the baselines."""

    loads: Callable[[bytes], Any]  # raises UndecodableError
    dumps: Callable[[Any], bytes]
    digest: Callable[[bytes, bytes], str]  # key, message -> hexadecimal HMAC-SHA256
    compress: Callable[[bytes], bytes]


@dataclass
class Work:
    """One batch in the making."""

    rows: list[bytes] = field(default_factory=list)
    quarantined: list[bytes] = field(default_factory=list)
    dead: list[bytes] = field(default_factory=list)
    repeats: list[tuple[str, str]] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Output:
    """What a batch becomes: compressed bodies by kind, and the accounting."""

    bodies: dict[str, bytes]
    accounting: dict[str, int]


class Baseline:
    """The processor on powertools' BatchProcessor and a pydantic model."""

    def __init__(self, key: bytes, countries: frozenset[str], libraries: Libraries) -> None:
        self._keys = {
            name: hmac.digest(key, b"homeshore field " + name.encode(), "sha256") for name in ("user_id", "ip")
        }
        self._countries = countries
        self._libraries = libraries
        self._processor = BatchProcessor(event_type=EventType.KinesisDataStreams)

    def __call__(self, event: dict[str, Any]) -> Output:
        """Process one invocation's records."""
        work = Work()
        process_partial_response(
            event=event, record_handler=lambda record: self._record(record, work), processor=self._processor
        )
        return self._output(len(event["Records"]), work)

    def _record(self, record: KinesisStreamRecord, work: Work) -> None:
        place = self._place(record)
        try:
            event = self._event(record.kinesis.data_as_bytes())
        except UndecodableError as fault:
            row = {"reason": fault.reason, "error": fault.error, **place}
            work.dead.append(self._libraries.dumps(row))
            return
        if event.home not in self._countries:
            tags = {"event_id": event.event_id, "tenant": event.tenant_id, "event_type": event.event_type}
            row = {**tags, "home": event.home, "reason": "residency", **place}
            work.quarantined.append(self._libraries.dumps(row))
            return
        if event.event_id in work.ids:
            work.repeats.append((event.event_id, place["_sequence"]))
            return
        work.ids[event.event_id] = len(work.rows)
        work.rows.append(self._libraries.dumps({**self._row(event), **place}))

    def _event(self, data: bytes) -> Event:
        document = self._libraries.loads(data)
        try:
            return Event.model_validate(document)
        except ValidationError as invalid:
            first = invalid.errors(include_url=False, include_input=False)[0]
            name = str(first["loc"][0])
            error = "ContractError" if name in PATTERNED and first["type"] != "missing" else "ValidationError"
            raise UndecodableError(f"contract:{name}", error) from None

    def _row(self, event: Event) -> dict[str, Any]:
        attributes = event.attributes
        return {
            "event_id": event.event_id,
            "event_time": event.event_time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "event_type": event.event_type,
            "tenant_id": event.tenant_id,
            "home": event.home,
            "user_id": self._token("user_id", event.user_id),
            "ip": self._token("ip", event.ip),
            "page": event.page,
            "referrer": event.referrer,
            "attributes": None if attributes is None else self._libraries.dumps(attributes).decode(),
        }

    def _token(self, name: str, value: str) -> str:
        return "k1:" + self._libraries.digest(self._keys[name], value.encode())[:32]

    def _place(self, record: KinesisStreamRecord) -> dict[str, Any]:
        arrived = datetime.fromtimestamp(record.kinesis.approximate_arrival_timestamp, UTC)
        return {
            "_arrived_at": arrived.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "_shard": record.event_id.split(":")[0],
            "_sequence": record.kinesis.sequence_number,
            "_index": 0,
            "_contract_version": "1.0.0",
            "_key_version": "k1",
        }

    def _output(self, records: int, work: Work) -> Output:
        for event_id, sequence in work.repeats:
            position = work.ids[event_id]
            head, _, tail = work.rows[position].partition(b',"_repeats":')
            listed = [*([] if not tail else self._libraries.loads(tail[:-1])), f"{sequence}:0"]
            work.rows[position] = head.removesuffix(b"}") + b',"_repeats":' + self._libraries.dumps(listed) + b"}"
        accounting = {
            "events_in": records,
            "written": len(work.rows),
            "quarantined": len(work.quarantined),
            "dead_lettered": len(work.dead),
            "duplicates": len(work.repeats),
        }
        assert records == sum(accounting.values()) - records
        kinds = {"quarantine": work.quarantined, "dead-letter": work.dead, "bronze": work.rows}
        bodies = {
            kind: self._libraries.compress(b"".join(line + b"\n" for line in lines))
            for kind, lines in kinds.items()
            if lines or kind == "bronze"
        }
        return Output(bodies, accounting)
