"""Inputs of any shape are judged without a crash, and a secret is never shown."""

from __future__ import annotations

import json
import random
from typing import Any

from policies.judge import judge
from policies.values import SECRET, SIGNATURE
from tests.policies.azure.test_rules import AZURE, ESTATE, filled
from tests.policies.build import UNKNOWN, res, stack

ODD: tuple[Any, ...] = (
    *(None, "", [], {}, 0, -1, 1.5, True, "true", "[", "/", "//", "https://", "://", ".", "a" * 5000, "\u0000"),
    *(UNKNOWN, [None], [[]], [{}], {"a": None}, {SIGNATURE: SECRET, "value": "s3cret"}, [UNKNOWN]),
    *(
        "/subscriptions/s/resourceGroups//providers/Microsoft.Storage/storageAccounts/",
        "0.0.0.0/0",
        "@Microsoft.KeyVault(",
    ),
)
ROUNDS = 1500


def bent(value: Any, chance: random.Random) -> Any:
    """The value with about one leaf or block replaced by something odd."""
    if chance.random() < 0.06:
        return chance.choice(ODD)
    if isinstance(value, dict):
        return {key: bent(one, chance) for key, one in value.items()}
    return [bent(one, chance) for one in value] if isinstance(value, list) else value


def test_nothing_that_stands_in_an_input_breaks_a_rule() -> None:
    chance = random.Random(7)
    for _ in range(ROUNDS):
        one = chance.choice(list(ESTATE.values()))
        others = [res(two["type"], two["name"], filled(two["inputs"])) for two in ESTATE.values() if two is not one]
        inputs = {key: bent(value, chance) for key, value in filled(one["inputs"]).items()}
        odd = res(one["type"], one["name"], inputs)
        outcome = judge(stack("eu", odd, *chance.sample(others, 5)), AZURE)
        assert "s3cret" not in json.dumps(
            [[said.said.path, getattr(said.said, "found", "")] for said in outcome.failed]
        )


def test_unknown_inputs_are_no_violation_of_what_one_resource_says() -> None:
    siblings = {"RET-AZ-001", "LOG-AZ-001", "SOV-AZ-001"}
    for one in ESTATE.values():
        unknown = res(one["type"], one["name"], dict.fromkeys(one["inputs"], UNKNOWN))
        failed = {said.rule.id for said in judge(stack("eu", unknown), AZURE).failed}
        assert failed <= siblings, one["name"]
