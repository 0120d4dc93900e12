"""What a declared resource needs to become before an emulator can run it; each change is named in the report."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from homeshore.local.fields import Fields
from homeshore.local.kind import ApplyError, Wanted
from homeshore.local.kinds.functions import package_digest

FUNCTION = "aws:lambda/function:Function"
MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"

HostPackage = Callable[[], Path]
"""Builds the processor's package for this machine and returns the zip file."""


@dataclass(frozen=True)
class Adapted:
    """A resource in the form that the emulator takes, and what was changed, in words ("" for nothing)."""

    wanted: Wanted
    note: str


def adapt(wanted: Wanted, host_package: HostPackage | None, scratch: Path) -> Adapted:
    """The resource as the emulator can run it.

    A function of our own gets the package that was built for this machine; a mapping on a registered consumer
    reads the stream. Raises ApplyError for code that is not a zip file or a directory on this machine.
    """
    if wanted.type == FUNCTION:
        return _function(wanted, host_package, scratch)
    if wanted.type == MAPPING:
        return _mapping(wanted)
    return Adapted(wanted, "")


def _with(wanted: Wanted, **inputs: object) -> Wanted:
    return replace(wanted, inputs=Fields({**wanted.inputs, **inputs}))


def _function(wanted: Wanted, host_package: HostPackage | None, scratch: Path) -> Adapted:
    inputs = wanted.inputs
    note = ""
    if inputs.text_or("handler").startswith("processor.") and host_package is not None:
        path = host_package()
        runtime, architectures = inputs.text_or("runtime"), ", ".join(inputs.texts("architectures"))
        note = (
            f"the package for {runtime} on {architectures or 'x86_64'} is replaced by the same code built for this "
            "machine: the emulator runs it with the local interpreter"
        )
    else:
        path = _zip_file(wanted, scratch)
    digest = package_digest(path.read_bytes())
    return Adapted(_with(wanted, code=digest, package={"path": str(path)}), note)


def _zip_file(wanted: Wanted, scratch: Path) -> Path:
    """The declared archive as a zip file: as it is, or packed from a directory or from texts."""
    code = wanted.inputs.block("code")
    if isinstance(code.get("path"), str):
        path = Path(code.text("path"))
        if path.is_file():
            return path
        if path.is_dir():
            members = {
                str(item.relative_to(path)): item.read_bytes() for item in sorted(path.rglob("*")) if item.is_file()
            }
            return _packed(wanted, members, scratch)
    assets = code.block("assets")
    if assets:
        return _packed(wanted, {name: _asset(wanted, assets.block(name)) for name in sorted(assets)}, scratch)
    raise ApplyError(f"{wanted.name!r}: its code is not a zip file or a directory on this machine")


def _asset(wanted: Wanted, asset: Mapping[str, object]) -> bytes:
    if isinstance(asset.get("text"), str):
        return cast("str", asset["text"]).encode()
    if isinstance(asset.get("path"), str):
        return Path(cast("str", asset["path"])).read_bytes()
    raise ApplyError(f"{wanted.name!r}: its code holds an asset that is not on this machine")


def _packed(wanted: Wanted, members: Mapping[str, bytes], scratch: Path) -> Path:
    """A zip file whose bytes depend on the members only, so that an unchanged function stays unchanged."""
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=scratch, prefix=f"{wanted.name}-", suffix=".zip", delete=False) as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(zipfile.ZipInfo(name), content)
        return Path(file.name)


def _mapping(wanted: Wanted) -> Adapted:
    source = wanted.inputs.text_or("eventSourceArn")
    stream, separator, _ = source.partition("/consumer/")
    if not separator:
        return Adapted(wanted, "")
    note = "reads the stream itself: the emulator has no enhanced fan-out for mappings"
    return Adapted(_with(wanted, eventSourceArn=stream), note)
