"""Prints how the rules do on the written cases: `python -m tests.policies.cases [PATTERN] [-v]` ("aws_*.yaml")."""

from __future__ import annotations

import sys
from collections import Counter

from tests.policies.cases.loader import cases


def main(arguments: list[str]) -> None:
    """Recall over what must fire, false alarms over the cases in which nothing may; each disagreement by name."""
    pattern = next((one for one in arguments if not one.startswith("-")), "*.yaml")
    wanted = caught = quiet = loud = 0
    others: Counter[str] = Counter()
    for case in cases(pattern):
        fired = case.fired()
        missed, false = case.missed(fired), case.false_alarms(fired)
        wanted, caught = wanted + len(case.expect), caught + len(case.expect) - len(missed)
        quiet, loud = quiet + (not case.expect), loud + bool(false and not case.expect)
        if missed or false:
            _say(f"{case.file}: {case.name}: missed {sorted(missed)} false {sorted(false)}")
        extra = fired - case.expect - false
        others.update(extra)
        if "-v" in arguments and extra:
            _say(f"    {case.file}: {case.name}: also {sorted(extra)}")
    _say(f"recall {caught}/{wanted}, false alarms {loud}/{quiet}")
    if "-v" in arguments:
        _say(f"also fired: {dict(others.most_common())}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
