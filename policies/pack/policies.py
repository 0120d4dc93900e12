"""The policies of the pack: one for each rule, and those that keep the pack itself honest."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias, TypedDict, cast

import pulumi
import pulumi.runtime
from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyComplianceFramework,
    PolicyConfigSchema,
    ReportViolation,
    ResourceRemediation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)

from findings import Enforcement, Finding, Undetermined
from policies import exemptions, transfers
from policies.configuration import PARAMETERS, Told
from policies.pack.remediation import mends, remediation
from policies.pack.run import Run
from policies.rules import About, catalogue, rules

OnStack: TypeAlias = Callable[[StackValidationArgs, ReportViolation], None]

NAME: Final = "homeshore"
DESCRIPTION: Final = "Nothing leaves its home shore unseen: data sovereignty, encryption and the rest, on three clouds."
TOGETHER: Final = frozenset(
    {
        "IAM-AZ-001",  # a role of the stack's own
        "LOG-GCP-001",  # a bucket that others log to needs no log of its own
        "SOV-AWS-004",  # a table of the stack's own, of which another one is a replica
        "SOV-AWS-005",
        "SOV-AWS-006",  # a key of the stack's own
        "SOV-AWS-010",  # a destination of the stack's own
        "SOV-AZ-003",  # a location that only the resource group says
        "SOV-AZ-009",
        "SOV-GCP-006",  # a key ring of the stack's own
        "SOV-GCP-008",  # a bucket of the stack's own
    }
)
"""Rules of the catalogue's level `resource` that need the resource's neighbours all the same."""
_LEVELS: Final = {
    Enforcement.MANDATORY: EnforcementLevel.MANDATORY,
    Enforcement.ADVISORY: EnforcementLevel.ADVISORY,
}


def policies(today: datetime.date | None = None) -> list[Policy]:
    """Every policy, in the order in which they have to be asked: `parameters` first.

    Raises ExemptionError where the pack's exemptions cannot be read.
    """
    single = single_rules()
    run = Run(single, exemptions.standing(), today or datetime.date.today())  # noqa: DTZ011 - a local day
    declared = {one.id for one in rules()}
    every = [about for about in catalogue().values() if about.id in declared]
    return [
        _parameters(run),
        *(_of_resource(run, about) if about.id in single else _of_stack(run, about) for about in every),
        *(_mender(run, about) for about in every if about.id in mends() - single),
        *_house(run, frozenset(one.id for one in every)),
    ]


def single_rules() -> frozenset[str]:
    """The ids of the rules that one resource decides, before it is made; the others wait for the whole stack."""
    return frozenset(one.id for one in catalogue().values() if one.level == "resource") - TOGETHER


def _parameters(run: Run) -> Policy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        for fault in run.first(args):
            report(f"the pack's config: {fault}", None)

    schema = Told.model_json_schema()
    return ResourceValidationPolicy(
        name=PARAMETERS,
        description="The pack's parameters: a wrong one fails, and so does one that nobody knows.",
        validate=validate,
        enforcement_level=EnforcementLevel.MANDATORY,
        config_schema=PolicyConfigSchema(properties=schema["properties"]),
        display_name="Parameters of the pack",
    )


def _of_resource(run: Run, about: About) -> Policy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        for found in run.of_resource(about.id, args.urn):
            report(_message(found), None)

    return ResourceValidationPolicy(validate=validate, remediate=_mending(about, run), **_told(about))


def _mending(about: About, run: Run) -> ResourceRemediation | None:
    mend = remediation(about.id, run)
    # The SDK takes a plain result too; its types speak of awaitables only.
    return cast("ResourceRemediation", mend) if mend else None


def _mender(run: Run, about: About) -> Policy:
    """What mends the violations of a rule that waits for the whole stack, when each resource is still to be made."""
    told = {**_told(about), "name": f"{about.id}-mend", "enforcement_level": EnforcementLevel.DISABLED}
    return ResourceValidationPolicy(remediate=_mending(about, run), **cast("_Told", told))


def _of_stack(run: Run, about: About) -> Policy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        for found in run.of_stack(about.id, args.resources):
            report(_message(found), found.urn or None)

    return StackValidationPolicy(validate=validate, **_told(about))


class _Told(TypedDict):
    """What every policy tells of its rule."""

    name: str
    description: str
    enforcement_level: EnforcementLevel
    display_name: str
    severity: Severity
    framework: PolicyComplianceFramework
    tags: list[str]
    remediation_steps: str


def _told(about: About) -> _Told:
    return _Told(
        name=about.id,
        description=f"{about.title}. {about.expected}",
        enforcement_level=_LEVELS[about.enforcement],
        display_name=about.title,
        severity=Severity(about.severity.value),
        framework=PolicyComplianceFramework(name="Homeshore", specification="; ".join(about.frameworks)),
        tags=[about.category],
        remediation_steps=about.remedy,
    )


def _house(run: Run, every: frozenset[str]) -> list[Policy]:
    """The policies about the pack itself; they are asked last, when all others have spoken."""
    about = catalogue()[exemptions.RULE]

    def exempted(args: StackValidationArgs, report: ReportViolation) -> None:
        for found in run.about_exemptions(args.resources):
            if found.enforcement is Enforcement.MANDATORY:
                report(_message(found), None)

    def expiring(args: StackValidationArgs, report: ReportViolation) -> None:
        for found in run.about_exemptions(args.resources):
            if found.enforcement is Enforcement.ADVISORY:
                report(_message(found), None)

    def unsound(args: StackValidationArgs, report: ReportViolation) -> None:
        for found in run.about_transfers(args.resources):
            if found.enforcement is Enforcement.MANDATORY:
                report(_message(found), None)

    def lowered(args: StackValidationArgs, report: ReportViolation) -> None:
        for found in run.transferred(args.resources):
            report(f"{found.rule} {_message(found)} Declared: {'; '.join(found.transfers)}", found.urn or None)
        for found in run.about_transfers(args.resources):
            if found.enforcement is Enforcement.ADVISORY:
                report(_message(found), None)

    def silenced(_args: StackValidationArgs, report: ReportViolation) -> None:
        for rule in sorted(one for one in every - run.ran if catalogue()[one].firm):
            report(f"{rule} is disabled by the pack's config: sovereignty takes no lower level than mandatory", None)

    def open_at_preview(args: StackValidationArgs, report: ReportViolation) -> None:
        left = run.left_open(args.resources)
        if left and pulumi.runtime.is_dry_run():
            report(_counted(left), None)

    def open_at_update(args: StackValidationArgs, report: ReportViolation) -> None:
        if not pulumi.runtime.is_dry_run():
            for one in run.left_open(args.resources):
                report(f"{one.rule} could not be determined: {one.path}: {one.reason}", one.urn or None)

    return [
        StackValidationPolicy(validate=exempted, **_told(about)),
        StackValidationPolicy(validate=unsound, **_told(catalogue()[transfers.RULE])),
        _kept("declared-transfers", "What a declared transfer lowers.", lowered, EnforcementLevel.ADVISORY),
        _kept("exemptions-expiring", "Exemptions end within 30 days.", expiring, EnforcementLevel.ADVISORY),
        _kept("sovereignty-enabled", "No rule of sovereignty is disabled.", silenced, EnforcementLevel.MANDATORY),
        _kept("known-after-update", "What a preview cannot know.", open_at_preview, EnforcementLevel.ADVISORY),
        _kept("known-at-update", "An update leaves nothing undetermined.", open_at_update, EnforcementLevel.MANDATORY),
    ]


def _kept(name: str, description: str, validate: OnStack, level: EnforcementLevel) -> Policy:
    return StackValidationPolicy(name=name, description=description, validate=validate, enforcement_level=level)


def _counted(left: Iterable[Undetermined]) -> str:
    counted = Counter(one.rule for one in left)
    rows = ", ".join(f"{rule} ({number})" for rule, number in sorted(counted.items()))
    return f"{counted.total()} values are known only after the update; these rules wait for them: {rows}"


def _message(found: Finding) -> str:
    """What the engine prints below the policy's description, which says what is expected.

    Without the value: it may be a secret, which reaches a pack as plain text.
    """
    place = f"{found.path}: " if found.path else ""
    return f"{place}{found.message}. {found.remedy}"
