"""One preview or update as the pack sees it: resources one by one, then all of them; what is said by which policy.

The engine asks every policy about every resource. The pack judges once, when its first policy is asked, and each policy
then tells its own part.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import cast

import pulumi
import pulumi.runtime
from pulumi_policy import PolicyResource, ResourceValidationArgs

from findings import Finding, Undetermined
from policies import exemptions, subject
from policies.configuration import PARAMETERS, Configuration, ConfigurationError, configuration
from policies.exemptions import Exemption
from policies.judge import Outcome, judge
from policies.lowering import about_register, lowered
from policies.model import Stack
from policies.pack.plain import alone, properties, together
from policies.values import Plain
from policies.verdict import finding, undetermined, waits

KEYS = "homeshore:"
"""The namespace of our own stack files' keys, in which a stack states its boundary."""


class Run:
    """What has been judged since the run began. `single` are the ids of the rules that one resource alone decides."""

    def __init__(self, single: frozenset[str], standing: Sequence[Exemption], today: datetime.date) -> None:
        self._single = single
        self._standing = standing
        self._today = today
        self._begin()

    def _begin(self) -> None:
        self._properties: Mapping[str, object] | None = None
        self._own: dict[str, Plain] = {}
        self._told = Configuration()
        self._faults: list[str] = []
        self._by_urn: dict[str, dict[str, list[Finding]]] = {}
        self._whole: dict[str, list[Finding]] | None = None
        self._register: tuple[Finding, ...] = ()
        self._open: dict[str, list[tuple[Undetermined, bool]]] = {}
        self.ran: set[str] = set()

    def first(self, args: ResourceValidationArgs) -> list[str]:
        """Judge a resource before any policy asks; what is wrong with the pack's config, told once in a run."""
        if self._whole is not None:  # the whole stack was judged: this is the next run
            self._begin()
        given = cast("Mapping[str, object]", args.get_config())
        fresh = given != self._properties
        if fresh:
            self._configure(given)
        if args.resource_type in (subject.PIPELINE, subject.BASELINE):  # it is registered before all that it holds
            self._own = properties(args.props)
        stack = self.stack_of(args)
        outcome = judge(stack, self._single)
        self._by_urn[args.urn] = _filed(lowered(stack, _findings(stack, outcome, args.urn), self._today))
        self._open[args.urn] = [
            (undetermined(stack, one), waits(one))
            for one in outcome.unsure
            if one.resource is None or one.resource.urn == args.urn
        ]
        return self._faults if fresh else []

    def stack_of(self, args: ResourceValidationArgs) -> Stack:
        """The resource that is about to be made, and its provider, as a stack."""
        return subject.stack(_name(), alone(args), self._told, stated={**_stated(), **self._own})

    def of_resource(self, rule: str, urn: str) -> Iterator[Finding]:
        """What the rule says of the resource, but for what is exempted."""
        self.ran.add(rule)
        yield from self._left(self._by_urn.get(urn, {}).get(rule, []))

    def of_stack(self, rule: str, resources: Iterable[PolicyResource]) -> Iterator[Finding]:
        """What the rule says now that the whole stack is known."""
        self.ran.add(rule)
        yield from self._left(self._judged(resources).get(rule, []))

    def _judged(self, resources: Iterable[PolicyResource]) -> dict[str, list[Finding]]:
        if self._whole is None:
            stack = subject.stack(_name(), together(resources), self._told, stated={**_stated(), **self._own})
            outcome = judge(stack)
            self._register = about_register(stack, self._today)
            mine = [one for one in outcome.unsure if one.rule.id not in self._single]
            self._open[""] = [(undetermined(stack, one), waits(one)) for one in mine]
            self._whole = _filed(lowered(stack, _findings(stack, outcome), self._today))
        return self._whole

    def about_exemptions(self, resources: Iterable[PolicyResource]) -> tuple[Finding, ...]:
        """What is wrong with the exemptions of this stack, now that every finding is known."""
        weighed = exemptions.weigh(_name(), self._all(resources), self._standing, self._today, None)
        return tuple(one for one in weighed.findings if one.rule == exemptions.RULE)

    def about_transfers(self, resources: Iterable[PolicyResource]) -> tuple[Finding, ...]:
        """What is wrong with the transfers that the stack declares, or will be soon."""
        self._judged(resources)
        return self._register

    def transferred(self, resources: Iterable[PolicyResource]) -> list[Finding]:
        """What a declared transfer lowers: told on its own, for a policy has one level for all that it says."""
        return [one for one in self._all(resources) if one.transfers]

    def _all(self, resources: Iterable[PolicyResource]) -> list[Finding]:
        found = [one for rules in self._by_urn.values() for several in rules.values() for one in several]
        whole = self._judged(resources)
        return found + [one for rule, several in whole.items() if rule not in self._single for one in several]

    def left_open(self, resources: Iterable[PolicyResource]) -> list[Undetermined]:
        """What no rule could determine before the update, of all resources."""
        self._judged(resources)
        return [one for several in self._open.values() for one, later in several if later]

    def _left(self, found: Iterable[Finding]) -> Iterator[Finding]:
        for one in found:
            if not one.transfers and not any(row.covers(one) and row.holds(self._today) for row in self._standing):
                yield one

    def _configure(self, given: Mapping[str, object]) -> None:
        self._properties, self._faults = given, []
        try:
            self._told = configuration({PARAMETERS: dict(given)})
        except ConfigurationError as fault:
            self._faults = fault.faults


def _findings(stack: Stack, outcome: Outcome, urn: str | None = None) -> Iterator[Finding]:
    for one in outcome.failed:
        # Beside a resource stands its provider, which is asked about on its own.
        if urn is None or one.resource is None or one.resource.urn == urn:
            yield finding(stack, one)


def _filed(found: Iterable[Finding]) -> dict[str, list[Finding]]:
    by_rule: dict[str, list[Finding]] = {}
    for one in found:
        by_rule.setdefault(one.rule, []).append(one)
    return by_rule


def _name() -> str:
    return pulumi.get_stack()


def _stated() -> dict[str, object]:
    """What our own stack file says, which the engine hands to the pack; nothing for other programs."""
    config = {key.removeprefix(KEYS): value for key, value in _config().items() if key.startswith(KEYS)}
    residency, placement = _section(config, "residency"), _section(config, "placement")
    stated: dict[str, object] = {"boundary": residency.get("boundary"), "environment": config.get("environment")}
    if placement:
        places = [placement.get("region"), _section(config, "standby").get("region")]
        stated["placements"] = [f"{placement.get('cloud')}:{one}" for one in places if one]
    stated["baseline"] = _section(config, "baseline").get("managed_by")
    stated["transfers"] = _list(config.get("transfers"))
    stated["replayHours"] = _section(config, "retention").get("replay_hours")
    return {key: value for key, value in stated.items() if value is not None}


def _list(value: object) -> object:
    """A list of the stack file, which the engine hands over as text; None where it is no such text."""
    try:
        return cast("object", json.loads(value)) if isinstance(value, str) else value
    except ValueError:
        return None


def _section(config: Mapping[str, object], name: str) -> Mapping[str, object]:
    """A section of the stack file; the engine hands every value over as text."""
    value = config.get(name)
    try:
        found: object = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return {}
    return cast("Mapping[str, object]", found) if isinstance(found, dict) else {}


def _config() -> Mapping[str, object]:
    return cast("Mapping[str, object]", pulumi.runtime.get_config_env())
