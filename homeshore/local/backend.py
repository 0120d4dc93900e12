"""The engine's backend that applies what the program registers to an emulator."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

from homeshore.engine import Registered, Resource, Snapshot
from homeshore.engine.values import MASK, Plain, is_secret
from homeshore.errors import UserError
from homeshore.local.adapt import HostPackage, adapt
from homeshore.local.aws import Aws
from homeshore.local.emulators import EmulatorRow
from homeshore.local.fields import Fields
from homeshore.local.kind import Applied, ApplyError, Change, Wanted, ensure
from homeshore.local.kinds import KINDS
from homeshore.local.report import Changes, Entry

PROVIDER = "pulumi:providers:aws"
UNEXPLAINED = "written, and read back as something else"

Noter = Callable[[Wanted], None]
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Place:
    """Where a provider puts its resources, and the tags that it gives to all of them."""

    region: str
    account_id: str
    default_tags: Mapping[str, str] = field(default_factory=dict[str, str])


def places(plan: Snapshot) -> Mapping[str, Place]:
    """The place of each AWS provider of the plan, by its URN.

    Raises UserError for a program that declares none, or one that does not say its region and its account.
    """
    found: dict[str, Place] = {}
    for resource in plan.resources:
        if resource.type != PROVIDER:
            continue
        inputs = Fields(resource.inputs)
        accounts = _decoded(inputs.get("allowedAccountIds"))
        if not inputs.get("region") or not isinstance(accounts, list) or len(cast("list[object]", accounts)) != 1:
            raise UserError(
                f"{resource.name}: the AWS provider must name its region and exactly one account in "
                "allowed_account_ids: the local cloud is set up for that account and region."
            )
        default = _decoded(inputs.get("defaultTags"))
        tags = Fields(cast("Mapping[str, object]", default)).table("tags") if isinstance(default, dict) else {}
        found[resource.urn] = Place(inputs.text("region"), str(cast("list[object]", accounts)[0]), tags)
    if not found:
        raise UserError(
            f"stack {plan.stack!r} declares no AWS provider: the embedded cloud is an AWS one; "
            "for the others there is `homeshore demo --cloud azure|gcp`, which runs the processor alone."
        )
    return found


def _decoded(value: object) -> object:
    """A provider's inputs travel as JSON texts where they are not strings."""
    if not isinstance(value, str) or value[:1] not in ("{", "["):
        return value
    return json.loads(value)


class EmulatorBackend:
    """Applies each registration to the emulator; see homeshore.engine.Backend. Called from several threads."""

    dry_run = False

    def __init__(
        self,
        row: EmulatorRow,
        endpoint: str,
        plan: Snapshot,
        *,
        scratch: Path,
        note: Noter,
        earlier: Mapping[str, str],
        noted: Mapping[str, Wanted],
        progress: Progress,
        host_package: HostPackage | None = None,
    ) -> None:
        """`plan` is what the program registers in a preview.

        `earlier` are the digests of the last complete `up` by URN, `noted` what any `up` began to apply.
        """
        self.changes = Changes()
        self.digests: dict[str, str] = {}
        self.applied: dict[str, Wanted] = {}
        self._row, self._scratch, self._note, self._progress = row, scratch, note, progress
        self._earlier, self._noted, self._host_package = earlier, noted, host_package
        self._places = places(plan)
        self._clouds = {urn: Aws(endpoint, place.region, place.account_id) for urn, place in self._places.items()}
        self._planned = {resource.urn: resource for resource in plan.resources}
        self._total = sum(resource.managed for resource in plan.resources)
        self._lock = threading.Lock()

    @property
    def primary(self) -> Place:
        """The place of the first provider of the program."""
        return next(iter(self._places.values()))

    def register(self, resource: Resource) -> Registered:
        """Apply one resource. Raises ApplyError, or the emulator's own refusal, with its message."""
        kind = KINDS.get(resource.type)
        provider = (resource.provider or "").rpartition("::")[0]
        aws = self._clouds.get(provider)
        if kind is None or aws is None:
            return self._skipped(resource)
        wanted = self._wanted(resource, self._places[provider])
        adapted = adapt(wanted, self._host_package, self._scratch)
        self._note(_without_secrets(adapted.wanted, self._planned.get(resource.urn)))
        unread = self._row.unread_paths(resource.type)
        outcome = ensure(kind, aws, adapted.wanted, unread)
        self._record(adapted.wanted, outcome, adapted.note)
        return Registered(outcome.found.id, {**resource.inputs, **outcome.found.outputs, "id": outcome.found.id})

    def invoke(self, token: str, args: Mapping[str, Plain]) -> Mapping[str, object]:
        """Answer the functions that only ask who and where one is. Raises ApplyError for any other."""
        del args
        place = self.primary
        answers: dict[str, Mapping[str, object]] = {
            "aws:index/getCallerIdentity:getCallerIdentity": {
                "accountId": place.account_id,
                "arn": f"arn:aws:iam::{place.account_id}:root",
                "userId": place.account_id,
                "id": place.account_id,
            },
            "aws:index/getRegion:getRegion": {"id": place.region, "name": place.region, "region": place.region},
            "aws:index/getPartition:getPartition": {"id": "aws", "partition": "aws", "dnsSuffix": "amazonaws.com"},
        }
        if token not in answers:
            raise ApplyError(f"{token}: the local cloud does not answer this function")
        return answers[token]

    def _wanted(self, resource: Resource, place: Place) -> Wanted:
        inputs = dict[str, object](resource.inputs)
        before = self._noted.get(resource.urn)
        if before is not None:
            # An input that the program no longer gives is wanted empty, else nothing would ever unset it.
            inputs |= {name: None for name in before.inputs if name not in inputs}
        if resource.type in TAGGED:
            inputs["tags"] = {**place.default_tags, **Fields(inputs).table("tags")}
        return Wanted(
            resource.urn, resource.type, resource.name, Fields(inputs), region=place.region, account_id=place.account_id
        )

    def _skipped(self, resource: Resource) -> Registered:
        entry = Entry(resource.urn, resource.type, resource.name, reason="this type cannot be applied here")
        with self._lock:
            self.changes.not_applied.append(entry)
        self._progress(f"not applied  {resource.type}  {resource.name}")
        return Registered(resource.name, dict(resource.inputs))

    def _record(self, wanted: Wanted, outcome: Applied, note: str) -> None:
        digest = _digest(wanted)
        entry = Entry(wanted.urn, wanted.type, wanted.name, tuple(sorted(outcome.drift)))
        plain = Entry(wanted.urn, wanted.type, wanted.name)
        changes = self.changes
        with self._lock:
            self.digests[wanted.urn] = digest
            self.applied[wanted.urn] = wanted
            if outcome.change is Change.UNCHANGED:
                where, entry = changes.unchanged, plain
            elif self._earlier.get(wanted.urn) == digest:
                where = changes.repaired
            elif outcome.change is Change.CREATED or wanted.urn not in self._noted:
                # What comes with its parent (a default group, a topic's policy) is new to the stack all the same.
                where, entry = changes.created, plain
            else:
                where = changes.updated
            where.append(entry)
            if note:
                changes.adapted.append(Entry(wanted.urn, wanted.type, wanted.name, reason=note))
            changes.not_read_back.extend(self._not_read_back(wanted, outcome))
            done = len(self.digests)
            self._progress(f"{done:3}/{self._total}  {_said(where, changes):9}  {wanted.type}  {wanted.name}")

    def _not_read_back(self, wanted: Wanted, outcome: Applied) -> list[Entry]:
        """The inputs that nothing confirms: the known ones with their reason, and any other one."""
        known = [
            Entry(wanted.urn, wanted.type, wanted.name, (item.path,), item.reason)
            for item in self._row.unread
            if item.type == wanted.type and item.path.partition(".")[0] in wanted.inputs
        ]
        if outcome.unconfirmed:
            known.append(Entry(wanted.urn, wanted.type, wanted.name, tuple(sorted(outcome.unconfirmed)), UNEXPLAINED))
        return known


def _said(where: list[Entry], changes: Changes) -> str:
    names = ("created", "updated", "repaired", "unchanged")
    return next(name for name in names if getattr(changes, name) is where)


def _digest(wanted: Wanted) -> str:
    """A digest of what is declared; the place of a package on disk is not part of it, its content is."""
    inputs = {key: value for key, value in wanted.inputs.items() if key != "package" and value is not None}
    return hashlib.sha256(json.dumps(inputs, sort_keys=True, default=str).encode()).hexdigest()


def _without_secrets(wanted: Wanted, planned: Resource | None) -> Wanted:
    """The resource as it may be kept on disk: what the program marks secret is masked, code is left out."""
    plan: Mapping[str, Plain] = planned.inputs if planned else {}
    kept = {key for key, value in wanted.inputs.items() if key != "package" and value is not None}
    inputs = {key: _masked(value, plan.get(key)) for key, value in wanted.inputs.items() if key in kept}
    return replace(wanted, inputs=Fields(inputs))


def _masked(value: object, plan: Plain) -> object:
    if is_secret(plan):
        return MASK
    if isinstance(value, dict) and isinstance(plan, dict):
        parts = cast("dict[str, object]", value)
        return {key: _masked(item, plan.get(key)) for key, item in parts.items()}
    if isinstance(value, list) and isinstance(plan, list):
        items = cast("list[object]", value)
        if len(items) == len(plan):
            return [_masked(item, other) for item, other in zip(items, plan, strict=True)]
        return MASK if any(is_secret(other) for other in plan) else items
    return cast("object", value)


TAGGED = frozenset(
    {
        "aws:athena/workgroup:Workgroup",
        "aws:cloudwatch/logGroup:LogGroup",
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        "aws:ec2/flowLog:FlowLog",
        "aws:ec2/routeTable:RouteTable",
        "aws:ec2/securityGroup:SecurityGroup",
        "aws:ec2/subnet:Subnet",
        "aws:ec2/vpc:Vpc",
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        "aws:iam/role:Role",
        "aws:kinesis/stream:Stream",
        "aws:kms/key:Key",
        "aws:lambda/function:Function",
        "aws:s3/bucket:Bucket",
        "aws:secretsmanager/secret:Secret",
        "aws:sns/topic:Topic",
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    }
)
"""Types that take tags through their own API and so get the provider's default tags."""
