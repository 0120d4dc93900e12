"""The data contract as an Avro schema, for senders who look it up beside the topic. Pure."""

from __future__ import annotations

import json

from processor.schema import Contract, Field, FieldType

_TYPES: dict[FieldType, str] = {
    "string": "string",
    "timestamp": "string",
    "date": "string",
    "integer": "long",
    "number": "double",
    "boolean": "boolean",
    "object": "string",
    "array": "string",
}
"""Times are text, as senders write them; free objects and arrays are JSON text, as the lake keeps them."""


def schema_of(contract: Contract) -> str:
    """The schema (JSON) of one event. The same contract always gives the same text."""
    return json.dumps(
        {
            "type": "record",
            # An Avro name has no dashes.
            "name": contract.name.replace("-", "_").replace(".", "_"),
            "namespace": "homeshore.events",
            "doc": f"Version {contract.version} of the data contract {contract.name}",
            "fields": [_field(field) for field in contract.fields],
        },
        indent=1,
    )


def _field(field: Field) -> dict[str, object]:
    kind = _TYPES[field.type]
    described: dict[str, object] = {"name": field.name, "type": kind if field.required else ["null", kind]}
    if not field.required:
        described["default"] = None
    if field.description:
        described["doc"] = field.description
    return described
