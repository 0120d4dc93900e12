"""What a change does, for people: what is lost first, then what changes, then what is new."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from homeshore.base.diff import OPTION
from homeshore.base.model import Absent, Change, Difference, StackDiff, Whereabouts
from homeshore.base.replacing import Effect
from homeshore.engine.model import Resource
from homeshore.engine.text import INDENT, LATER, Style, short_type
from homeshore.engine.values import MASK, UNKNOWN, Plain, contains_unknown, is_secret

LONGEST: Final = 60  # characters of a value
NAMED: Final = 4  # resources that a warning names
NONE: Final = "(none)"
WORDS: Final = (("replaced", "replaced"), ("deleted", "deleted"), ("changed", "changed"), ("added", "added"))
SIGNS: Final = {"deleted": ("-", "red"), "replaced": ("±", "red"), "changed": ("~", "yellow"), "added": ("+", "green")}


def render(diffs: Sequence[StackDiff], base: str, style: Style | None = None) -> str:
    """The report over all stacks; `style` colours it where the output is a terminal."""
    paint = style or _plain
    parts = ["\n".join(_stack(diff, paint)) for diff in diffs if not diff.empty]
    if same := [diff.stack for diff in diffs if diff.empty]:
        parts.append(f"Unchanged: {', '.join(same)}.")
    total: Counter[str] = Counter()
    for diff in diffs:
        total.update(diff.counts())
    stacks = f"{len(diffs)} stacks" if len(diffs) != 1 else "1 stack"
    return "\n\n".join([*parts, paint(f"Against {base}, {stacks}: {_counts(total)}.", bold=True), *_notes(total)])


def _stack(diff: StackDiff, paint: Style) -> Iterator[str]:
    yield paint(f"Stack {diff.stack}", bold=True) + _whereabouts(diff)
    if diff.looks_like:
        yield f"{INDENT}It has all that {diff.looks_like} had. Pulumi renames a stack without making it twice:"
        yield f"{INDENT}`pulumi stack rename {diff.stack} --stack {diff.looks_like}`"
    if diff.refused:
        warning = f"{INDENT}PROTECTED: Pulumi refuses this update, which would delete {_names(diff.refused)}."
        yield paint(warning, fg="red", bold=True)
        yield f"{INDENT}Release them first, in an update of their own: `homeshore:protect: false`."
    for one in sorted(diff.deleted, key=lambda one: not one.protect):
        yield _line("deleted", one, _fate(one, deleted=diff.whereabouts is Whereabouts.BOTH), paint)
    for one in diff.replaced:
        yield from _difference("replaced", one, paint)
    for one in diff.changed:
        yield from _difference("changed", one, paint)
    for one in diff.added:
        alike = diff.lookalikes.get(one.urn)
        hint = f"as {_name(alike)}, which is deleted: a rename keeps it with `aliases`" if alike else ""
        yield _line("added", one, hint, paint)
    yield f"{INDENT}{_counts(Counter(diff.counts()))}."


def _names(resources: Sequence[Resource]) -> str:
    """The first of them, and how many more."""
    more = len(resources) - NAMED
    return ", ".join(one.name for one in resources[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _whereabouts(diff: StackDiff) -> str:
    match diff.whereabouts:
        case Whereabouts.NEW:
            return " is new: all of it is added"
        case Whereabouts.GONE:
            return f" has no file any more: that deletes nothing, `pulumi destroy --stack {diff.stack}` would"
        case Whereabouts.BOTH:
            return ""


def _line(kind: str, resource: Resource, remark: str, paint: Style) -> str:
    sign, colour = SIGNS[kind]
    label = f"{paint(sign, fg=colour)} {resource.name}  {paint(short_type(resource.type), dim=True)}"
    return f"{INDENT}{label}{f'  {remark}' if remark else ''}"


def _fate(resource: Resource, *, deleted: bool = True) -> str:
    """What holds a resource of which the stack lets go."""
    held = ["protected: Pulumi refuses"] if resource.protect and deleted else []
    held += ["protected"] if resource.protect and not deleted else []
    held += ["stays in the cloud"] if resource.retain_on_delete else []
    return ", ".join(held)


def _difference(kind: str, one: Difference, paint: Style) -> Iterator[str]:
    # What follows from a provider is made anew with all that is in it: its own rows would hide the one that counts.
    whole = [change for change in one.changes if change.follows and change.path == f"{OPTION}provider"]
    first = one.replaced and one.after.delete_before_replace
    remarks = [
        f"made anew with {_name(whole[0].follows or '')}" if whole else "",
        "deleted first" if first else "",
        _fate(one.before) if one.replaced else "",
        "may be replaced" if one.may_be_replaced else "",
    ]
    yield _line(kind, one.after, ", ".join(filter(None, remarks)), paint)
    yield from (f"{INDENT * 3}{_change(change)}" for change in one.changes if not whole)


def _change(change: Change) -> str:
    said = {Effect.REPLACE: "replaces", Effect.UNKNOWN: "may replace", Effect.UPDATE: ""}[change.ruling.effect]
    source = f" ({change.ruling.source})" if said and change.ruling.source else ""
    if change.follows:
        what = f"another value: {_name(change.follows)} is made anew"
    elif change.path in (f"{OPTION}urn", f"{OPTION}provider"):
        what = f"{_name(str(change.before))} → {_name(str(change.after))}"
    elif is_secret(change.before) and is_secret(change.after):
        what = f"{MASK}, on one side only: as a value it is not told either"
    else:
        what = " → ".join(_pair(change.before, change.after))
    return f"{change.path.removeprefix(OPTION)}: {what}{f'  {said}{source}' if said else ''}"


def _pair(before: Plain | Absent, after: Plain | Absent) -> tuple[str, str]:
    """Both sides as text; of long ones the part around the place where they begin to differ."""
    old, new = _shown(before), _shown(after)
    if max(len(old), len(new)) <= LONGEST:
        return old, new
    same = next((at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    start = max(0, same - LONGEST // 3)
    return _cut(old, start), _cut(new, start)


def _cut(text: str, start: int) -> str:
    if len(text) <= LONGEST:
        return text
    part = text[start : start + LONGEST]
    return ("…" if start else "") + part + ("…" if start + LONGEST < len(text) else "")


def _shown(value: Plain | Absent) -> str:
    if isinstance(value, Absent):
        return NONE
    if is_secret(value):
        return MASK
    if value == UNKNOWN:
        return LATER
    text = json.dumps(_readable(value), ensure_ascii=False)
    return text.replace(UNKNOWN, LATER) if contains_unknown(value) else text


def _readable(value: Plain) -> Plain:
    """Secrets inside as their mask, without Pulumi's mark."""
    if isinstance(value, dict):
        return MASK if is_secret(value) else {key: _readable(item) for key, item in value.items()}
    return [_readable(item) for item in value] if isinstance(value, list) else value


def _counts(counts: Counter[str]) -> str:
    parts = [f"{counts[key]} {word}" for key, word in WORDS]
    may = f" ({counts['may_replace']} of them may be replaced)" if counts["may_replace"] else ""
    parts[2] += may
    return ", ".join([*parts, f"{counts['unchanged']} unchanged"])


def _notes(total: Counter[str]) -> list[str]:
    """What this cannot see."""
    parts = [f"{total['unknown']} that only `pulumi up` computes"] if total["unknown"] else []
    parts += [f"{total['secret']} secret ones"] if total["secret"] else []
    return [f"Not compared: {' and '.join(parts)}."] if parts else []


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


def _plain(text: str, **_: object) -> str:
    return text
