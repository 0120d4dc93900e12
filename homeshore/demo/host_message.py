"""What the Functions host hands to a Python worker for one batch of events, and what the worker makes of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import msgspec

if TYPE_CHECKING:
    from azure.functions import EventHubEvent


class Invocation(msgspec.Struct, frozen=True):
    """One call of the function: the events' bodies, and the trigger's metadata by name, in JSON."""

    bodies: list[bytes]
    metadata: dict[str, str]


def invocation(bodies: Sequence[bytes], enqueued: Sequence[float], *, first: int, context: object) -> Invocation:
    """The call for consecutive events of one partition.

    `first` is the first one's sequence number, `enqueued` are times in seconds since 1970, `context` is the trigger's
    partition context. The names are those of the Event Hubs extension, version 6.
    """
    properties = [
        {
            "EnqueuedTimeUtc": datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z"),
            "SequenceNumber": first + n,
            "Offset": str((first + n) * 100),
            "PartitionKey": None,
        }
        for n, at in enumerate(enqueued)
    ]
    return Invocation(
        list(bodies),
        {
            "SystemPropertiesArray": json.dumps(properties),
            "PartitionContext": json.dumps(context),
        },
    )


def decoded(call: Invocation) -> list[EventHubEvent]:
    """The events that the function gets: the Functions library's own decoder, on a message of the host's form."""
    from azure.functions import meta
    from azure.functions.eventhub import EventHubTriggerConverter

    metadata = {name: meta.Datum(text, "json") for name, text in call.metadata.items()}
    # The host's message has this one member; the library asks for no other.
    body = meta.Datum(SimpleNamespace(bytes=call.bodies), "collection_bytes")
    # For this form of message it is a list; for others the library gives a single event.
    return cast("list[EventHubEvent]", EventHubTriggerConverter.decode(body, trigger_metadata=metadata))
