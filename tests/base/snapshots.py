"""Hand-written resources and stacks."""

from __future__ import annotations

from collections.abc import Sequence

from homeshore.engine.model import Resource, Snapshot
from homeshore.engine.values import Plain

STREAM = "aws:kinesis/stream:Stream"
BUCKET = "aws:s3/bucket:Bucket"
FUNCTION = "aws:lambda/function:Function"
PROVIDER = "pulumi:providers:aws"


def urn(name: str, type_: str = STREAM, stack: str = "dev") -> str:
    return f"urn:pulumi:{stack}::homeshore::{type_}::{name}"


def resource(name: str, type_: str = STREAM, /, *, stack: str = "dev", **options: object) -> Resource:
    """A resource; what is no option of a resource is an input."""
    known = {key: options.pop(key) for key in list(options) if key in Resource.__dataclass_fields__}
    inputs: dict[str, Plain] = {**options}  # type: ignore[dict-item]
    return Resource(
        **{"urn": urn(name, type_, stack), "type": type_, "name": name, "custom": True, "inputs": inputs} | known
    )  # type: ignore[arg-type]


def stack(*resources: Resource, name: str = "dev") -> Snapshot:
    return Snapshot("homeshore", name, tuple(resources), {})


def names(resources: Sequence[Resource]) -> list[str]:
    return [one.name for one in resources]
