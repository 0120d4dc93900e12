"""How a value of the stack file is refused: a sentence for what is wrong, one for what follows, one for what to do."""

from __future__ import annotations

from pydantic_core import PydanticCustomError

REFUSED = "homeshore_refused"
SHOWN_CHARACTERS = 60


def refusal(problem: str, *, consequence: str, remedy: str, at: str = "") -> PydanticCustomError:
    """The error for a validator to raise; stacks.faults turns it into the reader's message.

    `at` is the key below the validator's place that the fault belongs to.
    """
    context = {"problem": problem, "consequence": consequence, "remedy": remedy, "at": at}
    return PydanticCustomError(REFUSED, "{problem}", context)


def shown(value: object) -> str:
    """A scalar of the stack file as a message may show it: quoted, on one line, cut to 60 characters."""
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}… ({len(text)} characters)"
