"""Rules for people, and as one JSON document."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, cast

import yaml

from homeshore.explain.examples import Example, Shown
from homeshore.explain.model import CLOUDS, Explained, short
from policies.values import Plain

VERSION: Final = 1
WIDTH: Final = 80
TYPES_SHOWN: Final = 8
NOWHERE: Final = "no other tool is known to have it"
DECIDES: Final = {
    "resource": "one resource decides, before it is made",
    "stack": "the whole stack decides, when all of it is known",
}


def text(found: Explained) -> str:
    """One rule for people."""
    return "\n".join(_lines(found))


def _lines(found: Explained) -> Iterator[str]:
    about = found.about
    yield f"{about.id}  {about.title}"
    yield f"{CLOUDS[about.cloud]} · {about.category} · {about.severity.value}"
    yield ""
    yield from _block("Why", about.why)
    yield from _block("Passes", about.expected)
    yield from _block("To fix", about.remedy)
    yield from _block("Decides", DECIDES[found.decides])
    yield from _block("Level", level(found))
    yield from _block("Mends", mending(found))
    yield from _block("Looks at", _types(found))
    yield from _block("Elsewhere", NOWHERE if found.anchor in ("own", "none") else found.anchor)
    yield from _block("Frameworks", "; ".join(about.frameworks))
    if found.example is not None:
        yield from _example(found.example)


def _block(head: str, said: str) -> Iterator[str]:
    if said:
        yield from textwrap.wrap(
            said, WIDTH, initial_indent=f"{head:<11}", subsequent_indent=" " * 11, break_on_hyphens=False
        )


def level(found: Explained) -> str:
    """What a config may do to the rule."""
    if found.about.firm:
        return "mandatory: it takes no lower level and no exemption"
    return f"{found.about.enforcement.value}; the pack's config may set another, and policies/exemptions.yaml exempts"


def mending(found: Explained) -> str:
    """Whether the pack can mend it."""
    if not found.mends:
        return "not by the pack: there is a choice to make"
    return "by the pack, at the level `remediate`: " + (found.about.remediation or "what is missing is set")


def _types(found: Explained) -> str:
    kinds = list(dict.fromkeys(map(short, found.types)))
    if not kinds:
        return "the stack as a whole"
    more = f", and {len(kinds) - TYPES_SHOWN} more types" if len(kinds) > TYPES_SHOWN else ""
    return ", ".join(kinds[:TYPES_SHOWN]) + more


def _example(example: Example) -> Iterator[str]:
    inside = f" (boundary {example.boundary}{_parameters(example.parameters)})"
    yield ""
    yield f"Fails{inside}"
    yield from _yaml(example.broken)
    if example.also:
        yield f"  also found by {', '.join(example.also)}"
    yield ""
    if example.told:
        yield "Passes, with this in the pack's config"
        yield from _indented({"parameters": dict(example.told)})
    else:
        yield "Passes"
        yield from _yaml(example.valid)


def _parameters(told: Mapping[str, Plain]) -> str:
    return "".join(f", {key}: {json.dumps(value)}" for key, value in told.items())


def _yaml(shown: Iterable[Shown]) -> Iterator[str]:
    """Resources as Pulumi's YAML writes them."""
    yield from _indented({one.name: {"type": one.type, "properties": dict(one.inputs)} for one in shown})


def _indented(document: Mapping[str, object]) -> Iterator[str]:
    written = yaml.safe_dump(dict(document), sort_keys=False, width=WIDTH - 4, allow_unicode=True)
    yield from textwrap.indent(written.rstrip("\n"), "  ").splitlines()


def listing(every: Iterable[Explained]) -> str:
    """Every rule in a line, by cloud and category."""
    return "\n".join(_listed(list(every)))


def _listed(every: list[Explained]) -> Iterator[str]:
    last = ""
    for one in every:
        group = f"{CLOUDS[one.about.cloud]}, {one.about.category}"
        if group != last:
            yield from ([""] if last else []) + [group]
            last = group
        mark = " *" if one.mends else ""
        yield f"  {one.about.id:<11} {one.about.severity.value:<8} {one.about.title}{mark}"
    yield ""
    yield "* can be mended by the pack itself, at the level `remediate`"
    yield f"{len(every)} rules. `homeshore policy explain RULE`: why, what fails, what passes."


def document(every: Iterable[Explained]) -> dict[str, object]:
    """The rules as --json prints them."""
    return {"version": VERSION, "rules": [_plain(one) for one in every]}


def _plain(found: Explained) -> dict[str, object]:
    about = found.about
    return {
        "rule": about.id,
        "title": about.title,
        "cloud": about.cloud,
        "category": about.category,
        "severity": about.severity.value,
        "enforcement": about.enforcement.value,
        "firm": about.firm,
        "decides": found.decides,
        "mends": found.mends,
        "why": about.why,
        "expected": about.expected,
        "remedy": about.remedy,
        "frameworks": list(about.frameworks),
        "elsewhere": found.anchor,
        "types": list(found.types),
        "example": _example_plain(found.example) if found.example else None,
    }


def _example_plain(example: Example) -> dict[str, object]:
    return {
        "boundary": example.boundary,
        "parameters": dict(example.parameters),
        "broken": _resources(example.broken),
        "also": list(example.also),
        "valid": _resources(example.valid),
        "told": dict(example.told),
    }


def _resources(shown: Iterable[Shown]) -> list[dict[str, object]]:
    return [cast("dict[str, object]", {"name": one.name, "type": one.type, "inputs": one.inputs}) for one in shown]
