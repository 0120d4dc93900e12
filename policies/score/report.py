"""The score for people, for machines, and for docs/sovereignty-score.md."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from policies.score.weigh import WANTED_PERCENT, Fate, Score, Weighed, per_operator

ABOUT: Final = {
    "region-near": "a region, to the one outside whose name looks most like it",
    "region-far": "a region, to another one outside",
    "region-set": "a place that is not set, to one outside",
    "multi-region": "a location, to several regions outside",
    "partly-inside": "a location, to several regions of which some are inside",
    "global": "a location, to nowhere in particular",
    "arn-region-near": "the region of an ARN, as region-near",
    "arn-region-far": "the region of an ARN, as region-far",
    "arn-account": "the account of an ARN, to somebody else's",
    "arn-name": "the bucket of an ARN, to somebody else's",
    "account": "an account or a project, to somebody else's",
    "id-subscription": "the subscription in a resource id",
    "id-group": "the resource group in a resource id",
    "id-name": "the account, vault or resource in a resource id",
    "id-project": "the project in a resource name",
    "id-region-near": "the location in a resource name, as region-near",
    "id-region-far": "the location in a resource name, as region-far",
    "id-multi-region": "the location in a resource name, as multi-region",
    "id-partly-inside": "the location in a resource name, as partly-inside",
    "id-global": "the location in a resource name, as global",
    "host-region-near": "the region in a host, as region-near",
    "host-region-far": "the region in a host, as region-far",
    "host-name": "the name in a host, to somebody else's",
    "uri": "the bucket of a URI, to somebody else's",
    "reference": "a reference to a resource of the stack, to somebody else's",
    "principal": "who is granted something: everybody, or somebody else",
    "action": "what is granted: everything",
    "resource": "on what it is granted: on everything",
    "condition": "the condition of a grant, taken away",
    "policy": "a policy, to an administrator's",
    "secret": "a variable or setting, to a key in plain text",
    "label": "a label, taken away",
    "effect": "a denial, turned into a grant",
    "role": "a role, to an administrator's",
    "scope": "the scope of a role, widened",
    "boolean": "a boolean of the type, set or turned",
    "enum": "a listed value of the type, set to each other one",
    "number": "a number or duration: ten times as much, and none",
    "removed": "an input that is not required, taken away",
    "unprotected": "the engine's protection, taken away",
    "resource-removed": "a resource, taken away",
    "way": "a way out, put beside the stack's own resources",
}
"""What each operator bends; a table of the docs, and the check that every operator is in it."""


INTRODUCTION: Final = f"""# The sovereignty mutation score

<!-- Written by `homeshore policy score --all --write`. Do not edit: `--check` compares. -->

How much does the pack see? Each stack file of this repository passes every rule. Then one thing at a time is bent: a
region, a replica, a key, a destination, a grant, any boolean and any listed value that the SDKs know, or one of the
ways in which data leaves a region is put beside the stack's own resources. A bend is caught where a rule says
something; that nobody has classified a type (CLS-X-001) is no catch, and a way out counts only where a sovereignty rule
finds it. Bends come from the inputs, the SDKs' types and the tables in `policies/score/data`, never from the rules.

score = caught / (caught + survived). A bend is equivalent where it changes nothing of place, encryption, exposure or
keeping, and a row of `equivalents.csv` says why; `survivors.csv` says what is known of those that open something and
that no rule catches. A bend that is caught counts as caught, whatever the rows say. Every stack must reach
{WANTED_PERCENT:g} %.

`homeshore policy score dev` bends one stack, `--all` every one. The guests are resources that no stack of ours has
(`guests.yaml`), so that the rules about them are put to the test as well; they need not reach it.
One bend is one fault: what needs two at once (a grant for a foreign bucket, and code that writes there) is counted as
two bends that open nothing alone."""


def text(scores: Sequence[Score], *, every: bool = False) -> str:
    """What people read: a line per stack and per operator, then what survived."""
    lines = [_row("stack", "bends", "caught", "equal", "survive", "score")]
    lines += [_stack_row(one) for one in scores]
    lines += ["", _row("operator", "bends", "caught", "equal", "survive", "score")]
    for operator, counts in _ordered(scores):
        lines.append(_row(operator, counts.total(), *_fates(counts), _share(counts)))
    survivors = [(one.stack, bend) for one in scores for bend in one.of(Fate.SURVIVED)]
    lines += ["", f"{len(survivors)} survived:" if survivors else "None survived."]
    lines += [f"  {stack}: {_told(bend)}" for stack, bend in (survivors if every else survivors[:20])]
    if len(survivors) > 20 and not every:  # noqa: PLR2004 - a screen
        lines.append(f"  … and {len(survivors) - 20} more: docs/sovereignty-score.md lists them all, --json as well")
    return "\n".join(lines)


def document(scores: Sequence[Score]) -> dict[str, object]:
    """The JSON shape, version 1."""
    return {
        "version": 1,
        "wanted_percent": WANTED_PERCENT,
        "stacks": [
            {
                "stack": one.stack,
                "boundary": one.boundary,
                "bends": len(one.bends),
                **{fate.value: len(one.of(fate)) for fate in Fate},
                "score_percent": round(one.percent, 2),
                "enough": one.enough,
                "survivors": [_json(bend) for bend in one.of(Fate.SURVIVED)],
            }
            for one in scores
        ],
        "operators": {
            operator: {"bends": counts.total(), **{fate.value: counts[fate] for fate in Fate}}
            for operator, counts in _ordered(scores)
        },
    }


def markdown(scores: Sequence[Score]) -> str:
    """The page: scores, operators, survivors, equivalent bends with their reasons."""
    parts = [
        INTRODUCTION,
        "## Stacks",
        _table(
            ("stack", "boundary", "bends", "caught", "equivalent", "survived", "score"),
            [
                (
                    one.stack,
                    one.boundary,
                    len(one.bends),
                    *(len(one.of(fate)) for fate in Fate),
                    f"{one.percent:.2f} %",
                )
                for one in scores
            ],
        ),
        "## Operators",
        _table(
            ("operator", "what is bent", "bends", "caught", "equivalent", "survived"),
            [
                (operator, ABOUT[operator], counts.total(), *(counts[fate] for fate in Fate))
                for operator, counts in _ordered(scores)
            ],
        ),
        "## Survivors",
        _reasons(scores, Fate.SURVIVED),
        "## Equivalent bends",
        "Per reason, with how many bends of all stacks it is about and the types.",
        _reasons(scores, Fate.EQUIVALENT),
    ]
    return "\n\n".join(parts) + "\n"


def _reasons(scores: Sequence[Score], fate: Fate) -> str:
    """The bends of one fate by their reason: how many, of which operators, types and inputs."""
    found: dict[str, list[Weighed]] = {}
    for bend in (bend for one in scores for bend in one.of(fate)):
        found.setdefault(bend.reason or "not looked at yet", []).append(bend)
    rows = [
        (
            len(bends),
            ", ".join(sorted({one.operator.partition(":")[0] for one in bends})),
            _several(sorted({_short(one.type) for one in bends}), 8),
            _several(sorted({f"`{_plain(one.path)}`" for one in bends if one.path}), 4),
            reason,
        )
        for reason, bends in sorted(found.items(), key=lambda one: (-len(one[1]), one[0]))
    ]
    if not rows:
        return "None."
    return _table(("bends", "operators", "types", "inputs", "reason"), rows)


def _several(names: list[str], shown: int) -> str:
    return ", ".join(names[:shown]) + (f" and {len(names) - shown} more" if len(names) > shown else "")


def _short(kind: str) -> str:
    """A type by its cloud and class: aws:s3/bucket:Bucket is `aws Bucket`."""
    package, _, rest = kind.partition(":")
    return f"{package} {rest.rpartition(':')[2] or rest}"


def _plain(path: str) -> str:
    return re.sub(r"\[\d+\]", "[]", path)


def _ordered(scores: Sequence[Score]) -> Iterable[tuple[str, Counter[Fate]]]:
    counts = per_operator(scores)
    order = list(ABOUT)
    return sorted(counts.items(), key=lambda one: order.index(one[0]))


def _fates(counts: Counter[Fate]) -> tuple[int, ...]:
    return tuple(counts[fate] for fate in Fate)


def _share(counts: Counter[Fate]) -> str:
    judged = counts[Fate.CAUGHT] + counts[Fate.SURVIVED]
    return f"{100 * counts[Fate.CAUGHT] / judged:.1f} %" if judged else "-"


def _stack_row(one: Score) -> str:
    return _row(one.stack, len(one.bends), *(len(one.of(fate)) for fate in Fate), f"{one.percent:.2f} %")


def _row(name: str, *values: object) -> str:
    return f"{name:22}" + "".join(f"{value!s:>10}" for value in values)


def _told(bend: Weighed) -> str:
    why = f" ({bend.reason})" if bend.reason else ""
    return f"{bend.operator} {bend.name} {bend.path}: {bend.before} -> {bend.after}{why}"


def _json(bend: Weighed) -> dict[str, object]:
    return {
        "operator": bend.operator,
        "type": bend.type,
        "resource": bend.name,
        "path": bend.path,
        "before": bend.before,
        "after": bend.after,
        "reason": bend.reason,
    }


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "|".join("---" for _ in head) + "|"]
    lines += ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)
