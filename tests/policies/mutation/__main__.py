"""Shows every mutant of the rules and of their tables of facts to the tests of the rules.

    python -m tests.policies.mutation                                  all of them; some minutes
    python -m tests.policies.mutation --only policies/aws/residency.py one module, or what has it in its path
    python -m tests.policies.mutation --sample 120 --seed 5            some, drawn by a seed

Exits with 1 where a mutant survives that equivalent.csv does not explain, or where a row of it explains nothing.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter

from tests.policies.mutation.campaign import Campaign, RedError, Result, every, processors
from tests.policies.mutation.mutants import Mutant, equivalents


def main(arguments: list[str]) -> int:
    """Run, print, and say whether all is noticed or explained."""
    options = _options(arguments)
    mutants = every(options.only, generated=not options.sample)
    if options.sample:
        explained = equivalents()
        mutants = [one for one in mutants if one.name not in explained]
        mutants = random.Random(options.seed).sample(mutants, min(options.sample, len(mutants)))
    try:
        campaign = Campaign(options.processes, scanning=not options.sample)
    except RedError as fault:
        sys.stderr.write(f"The tests fail without a mutant:\n{fault}\n")
        return 2
    result = campaign.run(mutants, whole=not (options.only or options.sample), tell=_progress)
    sys.stdout.write(_json(result) if options.json else _text(result))
    return 1 if result.survived or result.noticed or result.stale else 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.policies.mutation", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument(
        "--only", action="append", default=[], metavar="PATH", help="modules and tables whose path holds this"
    )
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="so many mutants, drawn by the seed")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    parser.add_argument("--processes", type=int, default=processors(), metavar="P")
    parser.add_argument("--json", action="store_true", help="the result as JSON")
    return parser.parse_args(arguments)


def _progress(number: int, of: int, survivor: Mutant | None) -> None:
    if survivor is not None:
        sys.stderr.write(f"{number}/{of} survives {_line(survivor)}\n")
    elif number % 200 == 0:
        sys.stderr.write(f"{number}/{of}\n")


def _line(one: Mutant) -> str:
    return f"{one.file}:{one.line}: {one.where}: {one.change}"


def _files(result: Result) -> list[dict[str, str | int | float]]:
    total = Counter(one.file for one in result.mutants())
    killed = Counter(one.file for one in result.killed)
    explained = Counter(one.file for one in result.explained)
    return [
        {
            "file": file,
            "mutants": total[file],
            "killed": killed[file],
            "explained": explained[file],
            "survived": total[file] - killed[file] - explained[file],
            "percent": round(100 * killed[file] / max(total[file] - explained[file], 1), 1),
        }
        for file in sorted(total)
    ]


def _row(one: Mutant) -> dict[str, str | int]:
    return {"file": one.file, "line": one.line, "where": one.where, "change": one.change}


def _json(result: Result) -> str:
    document = {
        "version": 1,
        "files": _files(result),
        "survivors": [_row(one) for one in result.survived],
        "noticed": [_row(one) for one in result.noticed],
        "stale": [list(one) for one in result.stale],
    }
    return json.dumps(document, indent=1) + "\n"


def _text(result: Result) -> str:
    lines = [f"{'mutants':>8}{'killed':>8}{'explained':>10}{'left':>6}{'%':>7}  file"]
    for one in _files(result):
        figures = f"{one['mutants']:8}{one['killed']:8}{one['explained']:10}{one['survived']:6}{one['percent']:7}"
        lines.append(f"{figures}  {one['file']}")
    lines += [f"survives: {_line(one)}" for one in result.survived]
    lines += [f"noticed, though listed as equivalent: {_line(one)}" for one in result.noticed]
    lines += [f"listed as equivalent, and no mutant: {': '.join(one)}" for one in result.stale]
    tried = sum(1 for _ in result.mutants())
    explained = len(result.explained)
    share = 100 * len(result.killed) / max(tried - explained, 1)
    lines.append(f"{tried} mutants: {len(result.killed)} killed, {explained} explained, {share:.1f} % of the others")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
