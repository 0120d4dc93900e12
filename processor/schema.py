"""The data contract as plain data: what the packaged processor reads from `contract.json`.

The contract is written in YAML (see events/), checked and compiled there; this module holds only its compiled form and
imports nothing but msgspec, because it is shipped to the cloud.
"""

from __future__ import annotations

from typing import Literal

import msgspec

FieldType = Literal["string", "timestamp", "date", "integer", "number", "boolean", "object", "array"]
Role = Literal["event_id", "event_time", "event_type", "tenant", "residency", "person"]

UUID_PATTERN = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

# What a value of each type is in bronze, in the words of Hive, Glue and Athena. Times stay text in JSON lines (Hive's
# own timestamp format has no `T` and no zone), and free objects stay text so that no reader has to guess their shape.
_BRONZE_TYPES: dict[FieldType, str] = {
    "string": "string",
    "timestamp": "string",
    "date": "string",
    "integer": "bigint",
    "number": "double",
    "boolean": "boolean",
    "object": "string",
    "array": "string",
}


class Field(msgspec.Struct, frozen=True, omit_defaults=True):
    """One declared field of an event. `pattern` must match the whole value; lengths are in characters."""

    name: str
    type: FieldType
    required: bool = False
    personal: bool = False
    role: Role | None = None
    description: str = ""
    enum: tuple[str, ...] = ()
    pattern: str | None = None
    min_length: int | None = None
    max_length: int | None = None


class Column(msgspec.Struct, frozen=True):
    """One column of a bronze row. `type` is a Hive type (string, bigint, double, boolean, array<string>)."""

    name: str
    type: str
    required: bool
    description: str
    personal: bool = False


# Written to every row by the processor, after the declared fields.
METADATA: tuple[Column, ...] = (
    Column("_arrived_at", "string", True, "When the stream took the record: UTC, ISO 8601, milliseconds."),
    Column("_shard", "string", True, "The partition of the stream that held the record."),
    Column("_sequence", "string", True, "The record's sequence number in that partition."),
    Column("_index", "bigint", True, "The event's position in a packed record, from 0; 0 in a plain one."),
    Column("_contract_version", "string", True, "The version of the data contract that was enforced."),
    Column("_key_version", "string", True, "The version of the pseudonym key that made the tokens."),
    Column("_repeats", "array<string>", False, "sequence:index of the same batch's events with this event id."),
)


class Contract(msgspec.Struct, frozen=True):
    """A data contract, compiled: every fault has been found before. `version` is the contract's own."""

    name: str
    version: str
    fields: tuple[Field, ...]
    description: str = ""

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of a bronze row: the declared fields, personal ones as tokens, then the processor's own."""
        declared = (Column(f.name, _BRONZE_TYPES[f.type], f.required, f.description, f.personal) for f in self.fields)
        return (*declared, *METADATA)

    def field(self, role: Role) -> Field:
        """The field with `role`. Raises LookupError when the contract has none (only `person` may be absent)."""
        for field in self.fields:
            if field.role == role:
                return field
        raise LookupError(f"contract {self.name} has no field with role {role!r}")

    def to_json(self) -> bytes:
        """The shipped form; the same contract always gives the same bytes."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n"

    @classmethod
    def from_json(cls, document: bytes) -> Contract:
        """The contract that `to_json` wrote. Raises msgspec.ValidationError on anything else."""
        return msgspec.json.decode(document, type=cls)
