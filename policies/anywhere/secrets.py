"""Secrets that stand in an input as plain text: whoever reads the state, the console or the log has them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from policies.anywhere.stacks import PROVIDERS
from policies.facts import rows
from policies.rules import ANY, Case, Fail, Said, rule
from policies.values import UNKNOWNS

REFERENCES: Final = ("@microsoft.keyvault(", "{{resolve:")
"""How a setting begins that names a secret and does not hold it."""
SETTING: Final = re.compile(
    r"^environment\.variables\.|nvironmentVariables\.|\benvs\[\d+\]\.value$|siteConfig\.(appSettings|connectionStrings)\["
)


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((row["what"], re.compile(row["pattern"])) for row in rows("secrets.csv"))


@cache
def _any_pattern() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{_scoped(row['pattern'])})" for row in rows("secrets.csv")))


@cache
def _contained() -> tuple[str, ...]:
    words = {one for row in rows("secrets.csv") for one in row["contains"].split()}
    return tuple(one for one in words if not any(other in one for other in words - {one}))


def _suspicious(text: str) -> bool:
    """Whether a pattern matches; most texts contain nothing that a match would, which is quickly asked."""
    for one in _contained():
        if one in text:
            return _any_pattern().search(text) is not None
    return False


def _scoped(pattern: str) -> str:
    return f"(?i:{pattern.removeprefix('(?i)')})" if pattern.startswith("(?i)") else pattern


@rule("IAM-X-001", ANY, *PROVIDERS)
def no_secret_in_plain_text(case: Case) -> Iterator[Said]:
    """No input holds a key, a password or a signature; a reference to one passes, and what is a secret is none."""
    told: tuple[str, ...] = ()
    for leaf in case.resource.leaves:
        if not _suspicious(leaf.text) or leaf.text.lower().startswith(REFERENCES):
            continue
        if f"{leaf.path}.".startswith(told) or f"{leaf.path}[".startswith(told):  # part of a document that was reported
            continue
        told = (*told, f"{leaf.path}.", f"{leaf.path}[")
        what = next(what for what, pattern in _patterns() if pattern.search(leaf.text))
        yield Fail(leaf.path, f"{leaf.path} holds {what} as plain text")
    for one in case.resource.ends:
        # A setting that nobody knows yet may hold one; a secret is known to be kept.
        if one.value in UNKNOWNS and SETTING.search(one.path):
            yield case.unsure(one.path)
