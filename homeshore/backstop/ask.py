"""What is asked for: a stack, and what its guard is attached to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import geography
from homeshore.errors import UserError
from policies.backstop import Guard, Home, Stopped, guard, stopped

if TYPE_CHECKING:
    from stacks.models import StackConfig

_GUID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class Scopes(NamedTuple):
    """What a cloud attaches a guard to: the pattern of its name, and how it is said."""

    pattern: str
    said: str


SCOPES: Final[Mapping[str, Scopes]] = {
    "aws": Scopes(r"\d{12}|ou-[a-z0-9]+-[a-z0-9]+|r-[a-z0-9]+", "an account (12 digits), ou-… or r-…"),
    "azure": Scopes(rf"{_GUID}|managementGroups/[A-Za-z0-9_().-]+", "a subscription's id, or managementGroups/NAME"),
    "gcp": Scopes(
        r"projects/[a-z][a-z0-9-]+|folders/\d+|organizations/\d+", "projects/ID, folders/NUMBER or organizations/NUMBER"
    ),
}
CUSTOMER: Final = r"C[0-9a-zA-Z]{3,20}"


@dataclass(frozen=True)
class Answer:
    """A stack's guard, and what of the stack's own resources it would stop."""

    stack: str
    guard: Guard
    stopped: tuple[Stopped, ...]
    resources: int


def answer(stack: str, scope: str | None, customers: tuple[str, ...]) -> Answer:
    """The guard for a stack file. Raises UserError for the file, the options, or a program that fails."""
    from homeshore.check.policy import plain
    from homeshore.engine import run_program
    from homeshore.stackfile import load_stack
    from policies.subject import stack as judged

    project, _, loaded = load_stack(stack)
    found = guard(home(loaded.config, scope, customers))
    snapshot = run_program(project, stack)
    subject = judged(stack, map(plain, snapshot.resources))
    return Answer(stack, found, stopped(found, subject), sum(one.managed for one in snapshot.resources))


def home(config: StackConfig, scope: str | None, customers: tuple[str, ...]) -> Home:
    """Where the guard of a stack stands. Raises UserError for a scope or a customer that its cloud does not know."""
    placement = config.placement
    own = f"projects/{placement.account}" if placement.cloud == "gcp" else placement.account
    key = config.bring.key if config.bring else None
    brought = re.match(r"projects/([^/]+)/", key or "")
    projects = (placement.account, *((brought[1],) if brought else ()))
    return Home(
        cloud=placement.cloud,
        region=placement.region,
        boundary=geography.area(config.residency.boundary),
        account=placement.account,
        scope=_scope(placement.cloud, scope or own),
        standby=config.standby is not None,
        private=config.network.mode == "private",
        key_projects=tuple(dict.fromkeys(projects)),
        customers=_customers(placement.cloud, customers),
    )


def _scope(cloud: str, text: str) -> str:
    if not re.fullmatch(SCOPES[cloud].pattern, text):
        raise UserError(
            f"--scope {text}: a guard on {cloud} is attached to {SCOPES[cloud].said}. Without --scope it is attached "
            "to the stack's own account, subscription or project."
        )
    return text


def _customers(cloud: str, texts: tuple[str, ...]) -> tuple[str, ...]:
    if texts and cloud != "gcp":
        raise UserError("--customer: only Google Cloud restricts grants to directory customers; leave it out.")
    for text in texts:
        if not re.fullmatch(CUSTOMER, text):
            raise UserError(
                f"--customer {text}: is no directory customer id (C and letters or digits). "
                "`gcloud organizations list` shows yours as DIRECTORY_CUSTOMER_ID."
            )
    return texts
