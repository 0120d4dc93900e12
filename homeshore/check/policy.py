"""The judge of the policy pack: sovereignty, encryption, and the rest of the catalogue."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import geography
from findings import Judgement
from homeshore.engine import Resource, Snapshot
from homeshore.errors import UserError
from policies import exemptions, model, subject
from policies.configuration import Configuration, ConfigurationError, configuration
from policies.verdict import verdict


def judge_with(told: Configuration, today: datetime.date | None = None) -> Callable[[Snapshot, str | None], Judgement]:
    """The judge under a config. It raises UserError where the pack's exemptions cannot be read."""

    def judge(snapshot: Snapshot, file: str | None) -> Judgement:
        try:
            found = subject.stack(snapshot.stack, map(plain, snapshot.resources), told)
        except geography.UnknownBoundary as unknown:
            raise UserError(
                f"{file or snapshot.stack}: the stack states a boundary {unknown.name!r}, and there is no such one."
                f"{_near(unknown)} `homeshore regions` lists them; --boundary names another one."
            ) from None
        try:
            standing = exemptions.standing()
        except exemptions.ExemptionError as fault:
            raise UserError(str(fault)) from None
        return verdict(found, exemptions=standing, today=today, file=file, updating=snapshot.deployed)

    return judge


def plain(resource: Resource) -> model.Resource:
    """A registration as the rules see it."""
    return model.Resource(
        urn=resource.urn,
        type=resource.type,
        name=resource.name,
        inputs=resource.inputs,
        parent=resource.parent,
        provider=resource.provider,
        custom=resource.custom,
        protect=resource.protect,
        dependencies=resource.dependencies,
        property_dependencies=resource.property_dependencies,
    )


def told_by(file: str | None, boundary: str | None) -> Configuration:
    """The config in `file` (YAML or JSON), with `boundary` instead of the one in it. Raises UserError."""
    document: object = {}
    if file is not None:
        document = _document(Path(file))
    try:
        told = configuration(document)
    except ConfigurationError as fault:
        raise UserError("\n".join(f"{file}: {one if one[-1] in '.?' else one + '.'}" for one in fault.faults)) from None
    except RecursionError:
        raise UserError(f"{file}: holds itself, through an alias: write out what it stands for.") from None
    if boundary is None:
        return told
    try:
        geography.area(boundary)
    except geography.UnknownBoundary as unknown:
        raise UserError(
            f"--boundary {boundary}: there is no boundary {unknown.name!r}.{_near(unknown)} "
            "`homeshore regions` lists them."
        ) from None
    return Configuration(told.told.model_copy(update={"boundary": boundary}), told.levels)


def _near(unknown: geography.UnknownBoundary) -> str:
    return f" Did you mean {', '.join(unknown.suggestions)}?" if unknown.suggestions else ""


def _document(file: Path) -> object:
    import yaml

    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as fault:
        raise UserError(f"{file}: cannot be read: {fault.strerror or fault}.") from None
    except (ValueError, yaml.YAMLError, RecursionError) as fault:  # ValueError: no UTF-8, or a day that no calendar has
        raise UserError(f"{file}: is neither YAML nor JSON: {fault}") from None
