"""Values that a type must have: closed to the public, guarded against deletion, encrypted.

A value of settings.csv is JSON, or one of these words: `present`, `absent`; `erasable` (whether both keys for deleting
data are turned); `deletion days` (of the stack file); `senders` (all networks that may send, and nothing else).
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from homeshore.engine import Resource
from tests.conformance import tables
from tests.conformance.paths import at
from tests.conformance.rules import Finding, finding
from tests.conformance.subjects import Subject
from tests.conformance.tables import Setting

DELETION_DAYS = 30
ADDRESSES = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}/\d{1,2}\b")


def applies(setting: Setting, subject: Subject) -> bool:
    """Whether the stack is as the setting presupposes."""
    return {
        "always": True,
        "private": subject.private,
        "public": not subject.private,
        "kept": not subject.erasable,
    }[setting.when]


def judge(subject: Subject, rule: str) -> Iterator[Finding]:
    """What is not as settings.csv says, of one of its rules."""
    for setting in tables.settings():
        if setting.rule == rule and applies(setting, subject):
            for resource in resources_of(subject, setting):
                found = at(resource.inputs, setting.path)
                if not holds(setting, subject, found):
                    yield finding(rule, resource, f"{setting.path} is {found}, not {setting.value} {setting.why}")


def holds(setting: Setting, subject: Subject, found: list[Any]) -> bool:
    """Whether the values found are what the setting asks for."""
    match setting.value:
        case "present":
            return bool(found) and all(found)
        case "absent":
            return not found
        case "erasable":
            return found == [subject.erasable]
        case "deletion days":
            return found == [subject.config.get("key", {}).get("deletion_days", DELETION_DAYS)]
        case "senders":
            allowed = subject.config.get("network", {}).get("allowed_cidrs", [])
            named = [text for value in found for text in ADDRESSES.findall(str(value))]
            return sorted(map(ipaddress.ip_network, named)) == sorted(map(ipaddress.ip_network, allowed))
        case wanted:
            return bool(found) and all(value == json.loads(wanted) for value in found)


def resources_of(subject: Subject, setting: Setting) -> list[Resource]:
    """What the setting is about."""
    return [
        resource
        for resource in subject.managed
        if resource.type == setting.type and any(fnmatchcase(resource.name, each) for each in setting.names)
    ]
