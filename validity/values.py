"""What can be known of an input before a deployment: nothing, that it is there, or its value.

Inputs are plain JSON values with Pulumi's own marks in them: sentinel strings for what only a cloud can compute, and
mappings with a signature for secrets, assets and references.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Final, TypeAlias, cast

Plain: TypeAlias = "bool | int | float | str | list[Plain] | dict[str, Plain] | None"

# Constants of Pulumi's wire protocol (sdk/go/common/resource/plugin/rpc.go), one per type that is not known yet.
UNKNOWN_SENTINELS: Final = (
    "04da6b54-80e4-46f7-96ec-b56ff0331ba9",  # text
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # list
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
    "e48ece36-62e2-4504-bad9-02848725956a",  # archive
)
MARKS: Final = (*UNKNOWN_SENTINELS, "<computed>", "<unknown>")
SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a signature, not a secret
OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
MASK: Final = "[secret]"


@dataclass(frozen=True)
class Seen:
    """One input as far as it is known. `value` means something only where `known` is true; None is missing."""

    value: Plain
    known: bool = True
    secret: bool = False

    @property
    def missing(self) -> bool:
        """Whether it is known that nothing was given."""
        return self.known and self.value is None


NOT_YET: Final = Seen(None, known=False)


def see(value: Plain) -> Seen:
    """What is known of the value itself (its members are looked at one by one, each with its own `see`)."""
    if isinstance(value, str):
        if value == MASK:
            return replace(NOT_YET, secret=True)
        return NOT_YET if any(mark in value for mark in MARKS) else Seen(value)
    if not isinstance(value, dict) or SIGNATURE not in value:
        return Seen(value)
    signature = value[SIGNATURE]
    if signature == SECRET:
        return replace(_inside(value), secret=True)
    if signature == OUTPUT:
        return replace(_inside(value), secret=value.get("secret") is True)
    return NOT_YET  # an asset, an archive or a reference: there, and nothing to compare


def _inside(wrapper: dict[str, Plain]) -> Seen:
    if "value" in wrapper:
        return see(wrapper["value"])
    plaintext = wrapper.get("plaintext")
    if isinstance(plaintext, str):
        try:
            return see(cast("Plain", json.loads(plaintext)))
        except (ValueError, RecursionError):
            return NOT_YET
    return NOT_YET
