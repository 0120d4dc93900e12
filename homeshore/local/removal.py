"""Deleting resources from an emulator that stays: in the reverse order of their creation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from homeshore.local.aws import Aws
from homeshore.local.kind import Wanted
from homeshore.local.kinds import KINDS

CloudOf = Callable[[Wanted], Aws]
"""The emulator as the region and account of a resource show it."""
ROUNDS = 3  # creation runs in parallel, so the reverse order can meet a dependent that is still there


def remove_resources(
    resources: Sequence[Wanted], cloud_of: CloudOf, progress: Callable[[str], None]
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
                if _remove(wanted, cloud_of(wanted)):
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


def _remove(wanted: Wanted, aws: Aws) -> bool:
    kind = KINDS[wanted.type]
    found = kind.read(aws, wanted)
    if found is not None:
        kind.delete(aws, wanted, found)
    return found is not None


def seen(wanted: Wanted, cloud_of: CloudOf) -> str | None:
    """The id of the resource where its region shows it."""
    found = KINDS[wanted.type].read(cloud_of(wanted), wanted)
    return None if found is None else found.id
