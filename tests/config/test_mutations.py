"""Machine-made damage to the shipped stack files: refused with the key's name, or harmless; never a traceback."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.config.conftest import ROOT, Outcome, Sandbox
from tests.config.mutations import MAKERS, mutations

STACKS = [path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in sorted(ROOT.glob("Pulumi.*.yaml"))]
PER_STACK = 3 * len(MAKERS)
FORBIDDEN = ("Traceback", "pydantic", "Input should", "v1:abc", "own fault", "Error(", "<class")


@pytest.mark.parametrize("stack", STACKS)
def test_mutated_stack_files(stack: str, sandbox: Sandbox, homeshore: Callable[..., Outcome]) -> None:
    whole = sandbox.stack_text(stack)
    accepted: dict[str, int] = {}
    for number, mutation in enumerate(mutations(whole, PER_STACK, seed=4711 + STACKS.index(stack))):
        sandbox.write(mutation.text, stack)
        outcome = homeshore("config", stack)
        about = f"mutation {number} ({mutation.kind}) of {stack}:\n{mutation.text!r}\n{outcome.err}"
        assert outcome.code in (0, 2), about
        assert not any(word in outcome.err + outcome.out for word in FORBIDDEN), about
        if outcome.code == 0:
            assert not mutation.refused, about
            accepted[mutation.kind] = accepted.get(mutation.kind, 0) + 1
            continue
        assert not outcome.out, about
        assert f"Pulumi.{stack}.yaml" in outcome.err, about
        assert mutation.name in outcome.err, about
        assert "Fix:" in outcome.err, about
    assert set(accepted) <= {"unicode", "swapped", "scalar"}


def test_there_are_more_than_two_hundred_of_them() -> None:
    assert len(STACKS) * PER_STACK > 200
