"""How reports call things: a resource by its name and type, a rule by its row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from findings import Category, DeclaredTransfer, Enforcement, Finding, Severity

OF_A_URN = 4  # stack, project, types, name


@dataclass(frozen=True)
class Rule:
    """What every report can say of a rule; `why` and `expected` are empty where its kind has none."""

    id: str
    title: str
    category: Category
    severity: Severity
    enforcement: Enforcement
    why: str
    expected: str
    remedy: str
    frameworks: tuple[str, ...]


@cache
def rules() -> dict[str, Rule]:
    """Every rule that `homeshore check` runs, by id: the policy pack's, then those about validity."""
    from policies.rules import catalogue
    from validity import KINDS, Level

    found = {
        one.id: Rule(
            one.id,
            one.title,
            one.category,
            one.severity,
            one.enforcement,
            one.why,
            one.expected,
            one.remedy,
            one.frameworks,
        )
        for one in catalogue().values()
    }
    for kind in KINDS.values():
        refused = kind.level is Level.ERROR
        severity = Severity.HIGH if refused else Severity.LOW
        level = Enforcement.MANDATORY if refused else Enforcement.ADVISORY
        found[kind.id] = Rule(kind.id, kind.title, "validity", severity, level, "", "", kind.remedy, ())
    return found


def title(rule: str) -> str:
    """The title of a rule, empty for one that nobody lists."""
    known = rules().get(rule)
    return known.title if known else ""


def name(urn: str) -> str:
    """The resource's name; `(the stack)` for no resource."""
    return _parts(urn)[3] if _parts(urn) else urn or "(the stack)"


def kind(urn: str) -> str:
    """The resource's type, empty where the URN is none."""
    return _parts(urn)[2].rsplit("$", 1)[-1] if _parts(urn) else ""


def statement(found: Finding) -> str:
    """Where in the resource, what is wrong, the value, and what was declared of it, without its full stop."""
    where = "" if found.message.startswith(found.path) else f"{found.path}: "  # many messages begin with the path
    value = f": {found.found}" if found.found and found.found not in found.message else ""
    declared = f" [declared: {'; '.join(found.transfers)}]" if found.transfers else ""
    return f"{where}{found.message}{value}{declared}"


def transfer(row: DeclaredTransfer) -> str:
    """A declared transfer in one sentence without its full stop, with what it lowers."""
    lowers = f"it lowers {row.lowers} finding{'' if row.lowers == 1 else 's'} to a warning" if row.lowers else ""
    text = f"{row.what} to {row.recipient} ({row.destination}) by {row.basis}, {row.reference}, until {row.expires}"
    return f"{text}; {lowers or 'it lowers nothing'}"


def place(found: Finding) -> str:
    """`components/aws/bucket.py:57`, empty where nobody knows."""
    if not found.source_file:
        return ""
    return f"{found.source_file}:{found.source_line}" if found.source_line else found.source_file


def _parts(urn: str) -> list[str]:
    parts = urn.removeprefix("urn:pulumi:").split("::", 3)
    return parts if urn.startswith("urn:pulumi:") and len(parts) == OF_A_URN else []
