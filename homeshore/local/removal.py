"""Deleting resources from an emulator that stays: in the reverse order of their creation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from homeshore.local.aws import Aws
from homeshore.local.kind import Wanted
from homeshore.local.kinds import KINDS

ROUNDS = 3  # creation runs in parallel, so the reverse order can meet a dependent that is still there


def remove_resources(
    resources: Sequence[Wanted], clouds: Mapping[str, Aws], progress: Callable[[str], None]
) -> tuple[Wanted, ...]:
    """Delete the resources that are still there; return those that were.

    Raises the emulator's refusal when one cannot be deleted after several rounds.
    """
    from botocore.exceptions import ClientError

    removed: list[Wanted] = []
    left = list(reversed(resources))
    for round_number in range(ROUNDS):
        refused: list[tuple[Wanted, ClientError]] = []
        for wanted in left:
            try:
                if _remove(wanted, clouds):
                    removed.append(wanted)
                    progress(f"removed  {wanted.type}  {wanted.name}")
            except ClientError as fault:
                refused.append((wanted, fault))
        if not refused:
            break
        if round_number == ROUNDS - 1:
            raise refused[0][1]
        left = [wanted for wanted, _ in refused]
    return tuple(removed)


def _remove(wanted: Wanted, clouds: Mapping[str, Aws]) -> bool:
    there = False
    for aws in clouds.values():
        kind = KINDS[wanted.type]
        found = kind.read(aws, wanted)
        if found is not None:
            kind.delete(aws, wanted, found)
            there = True
    return there


def seen(wanted: Wanted, clouds: Mapping[str, Aws]) -> str | None:
    """The id of the resource where one of the clouds shows it."""
    for aws in clouds.values():
        found = KINDS[wanted.type].read(aws, wanted)
        if found is not None:
            return found.id
    return None
