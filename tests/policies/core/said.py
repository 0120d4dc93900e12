"""What the rules that a written case is about say of it, word by word but for the sentences: kept, and compared.

`python -m tests.policies.core.said` writes the files of said/ anew; the difference is part of the review.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import yaml

from policies.judge import Outcome, Statement, judge
from policies.rules import Fail, Said
from tests.policies.cases.loader import Written, cases

KEPT: Final = Path(__file__).parent / "said"


def told(case: Written) -> list[str]:
    """Each statement of the rules that the case is about or expects: whether it is open, the rule, and where."""
    rules = {case.about, *case.expect}
    outcome = judge(case.stack, rules)
    return sorted(_line(one) for one in _statements(outcome) if one.rule.id in rules)


def kept(file: str) -> dict[str, list[str]]:
    """What was kept of the cases of a file, by their names."""
    path = KEPT / f"{file}.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}


def _statements(outcome: Outcome) -> Iterator[Statement[Said]]:
    yield from outcome.failed
    yield from outcome.unsure


def _line(one: Statement[Said]) -> str:
    name = one.resource.name if one.resource else ""
    shown = f" = {one.said.found}" if isinstance(one.said, Fail) and one.said.found else ""
    return f"{'' if isinstance(one.said, Fail) else 'open: '}{one.rule.id} {name} {one.said.path}{shown}".strip()


def main() -> None:
    """Write every file anew."""
    KEPT.mkdir(exist_ok=True)
    found: dict[str, dict[str, list[str]]] = {}
    for case in cases():
        found.setdefault(case.file, {})[case.name] = told(case)
    for stale in set(KEPT.glob("*.yaml")) - {KEPT / f"{file}.yaml" for file in found}:
        stale.unlink()
    for file, by_name in found.items():
        text = yaml.safe_dump(by_name, sort_keys=False, allow_unicode=True, width=10_000)
        (KEPT / f"{file}.yaml").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
