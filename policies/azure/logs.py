"""What is written down about the use of Azure's data services."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.azure.facts import ACCOUNT, JOB, NAMESPACE, VAULT, WORKSPACE, named
from policies.azure.joins import NOBODY, Grouped, name_of, remembered, target
from policies.model import Resource, Stack
from policies.rules import Case, Fail, Said, Unsure, rule, stack_rule

SETTING: Final = "azure-native:monitor:DiagnosticSetting"
LOGGED: Final = (NAMESPACE, ACCOUNT, VAULT, WORKSPACE, JOB)


@stack_rule("LOG-AZ-001")
def data_services_are_logged(stack: Stack) -> Iterator[Said]:
    """A diagnostic setting with an enabled log refers to every data service of the stack, or to a part of it."""
    for one in stack.of(*LOGGED):
        settings = _settings(stack).get(one.urn, ())
        states = {_logs(setting) for setting in settings}
        if True in states:
            continue
        if None in states or NOBODY in _settings(stack):
            yield Unsure("", "what its diagnostic settings log is known only after the update", one)
        else:
            yield Fail("", "no diagnostic setting with an enabled log refers to it", resource=one)


@rule("LOG-AZ-001", SETTING)
def setting_logs(case: Case) -> Iterator[Said]:
    """A setting for a data service that another stack declares has an enabled log."""
    uri = case.read("resourceUri")
    aim = target(case.stack, case.resource, uri, *LOGGED)
    if not aim.inside and any(uri.text.startswith("/") and name_of(uri.text, named()[kind]) for kind in LOGGED):
        state = _logs(case.resource)
        if state is None:
            yield case.unsure("logs")
        elif not state:
            yield case.fail("logs", "no log of the setting is enabled")


def _logs(setting: Resource) -> bool | None:
    """Whether the setting has an enabled log; None where nobody knows yet."""
    readings = list(setting.read_all("logs[].enabled"))
    if any(one.flag is True for one in readings):
        return True
    return None if any(one.unknown for one in readings) else False


def _settings(stack: Stack) -> Grouped:
    """The diagnostic settings by what they are about; under NOBODY those of which nobody knows that yet."""

    def group() -> Grouped:
        found: Grouped = {}
        for setting in stack.of(SETTING):
            aim = target(stack, setting, setting.read("resourceUri"), *LOGGED)
            for urn in (NOBODY,) if aim.unknown else (one.urn for one in aim.inside):
                found[urn] = (*found.get(urn, ()), setting)
        return found

    return remembered(stack, ("settings",), group)
