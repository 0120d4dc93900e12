"""A snapshot as text: the tree of resources, what a destroy keeps, the outputs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from homeshore.engine.model import STACK_TYPE, Resource, Snapshot
from homeshore.engine.values import MASK, UNKNOWN, Plain, contains_unknown, is_secret

Style = Callable[..., str]
LATER = "(known after up)"
INDENT = "  "


def render(snapshot: Snapshot, style: Style | None = None) -> str:
    """The text of one snapshot; `style(text, bold=…, dim=…, fg=…)` colours it where the output is a terminal."""
    paint = style or _plain
    lines = [paint(f"Stack {snapshot.stack} of {snapshot.project}", bold=True), ""]
    lines += _tree(snapshot, paint)
    lines += ["", _counts(snapshot.resources), "", *_survivors(snapshot.resources, paint)]
    if snapshot.outputs:
        lines += ["", "Outputs:", *_outputs(snapshot.outputs, paint)]
    return "\n".join(lines)


def _plain(text: str, **_: object) -> str:
    return text


def _tree(snapshot: Snapshot, paint: Style) -> list[str]:
    children: dict[str | None, list[Resource]] = {}
    known = {resource.urn for resource in snapshot.resources}
    roots = {resource.urn for resource in snapshot.resources if resource.type == STACK_TYPE}
    for resource in snapshot.resources:
        above = resource.parent if resource.parent in known and resource.parent not in roots else None
        if resource.type != STACK_TYPE:
            children.setdefault(above, []).append(resource)
    names = list(_branches(children, None, ""))
    width = max((len(label) for label, _ in names), default=0)
    return [f"{INDENT}{label:<{width}}  {_facts(resource, paint)}".rstrip() for label, resource in names]


def _branches(
    children: Mapping[str | None, list[Resource]], above: str | None, lead: str
) -> Iterator[tuple[str, Resource]]:
    """Each resource below `above` with its branch of the tree, depth first, components last."""
    below = sorted(children.get(above, []), key=lambda resource: not resource.custom)
    for index, resource in enumerate(below):
        last = index == len(below) - 1
        branch, further = ("", "") if above is None else ("└─ " if last else "├─ ", "   " if last else "│  ")
        yield lead + branch + resource.name, resource
        yield from _branches(children, resource.urn, lead + further)


def _facts(resource: Resource, paint: Style) -> str:
    kept = _protection(resource) + (["read, not managed"] if resource.external else [])
    flags = f"  {paint(', '.join(kept), fg='yellow')}" if kept and resource.custom else ""
    return paint(short_type(resource.type), dim=True) + flags


def short_type(token: str) -> str:
    """A type as Pulumi's own output shows it: `aws:s3:Bucket` for `aws:s3/bucket:Bucket`; other tokens as they are."""
    package, _, rest = token.partition(":")
    module, _, name = rest.partition(":")
    folder, _, file = module.partition("/")
    return f"{package}:{folder}:{name}" if name and file == name[:1].lower() + name[1:] else token


def _counts(resources: tuple[Resource, ...]) -> str:
    managed = Counter(resource.type.partition(":")[0] for resource in resources if resource.managed)
    providers = sum(resource.is_provider for resource in resources)
    components = sum(not resource.custom and resource.type != STACK_TYPE for resource in resources)
    read = sum(resource.external for resource in resources)
    packages = ", ".join(f"{number} {package}" for package, number in sorted(managed.items()))
    parts = [_count(managed.total(), "resource") + (f" ({packages})" if packages else "")]
    parts += [_count(components, "component"), _count(providers, "provider")]
    return ", ".join(parts + ([f"{read} read"] if read else [])) + "."


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _survivors(resources: tuple[Resource, ...], paint: Style) -> list[str]:
    """What a destroy leaves: data goes only when two keys are turned, and this is where one reads which are."""
    managed = [resource for resource in resources if resource.managed]
    kept = [resource for resource in managed if _protection(resource)]
    if not kept:
        warning = "A destroy deletes everything in this stack, its data included: nothing is protected or retained."
        return [paint(warning, fg="yellow")] if managed else []
    heads = [resource for resource in kept if not any(_belongs(resource, other) for other in kept)]
    width = max(len(resource.name) for resource in heads)
    lines = [f"What a destroy does not delete ({_count(len(kept), 'resource')}):"]
    for head in heads:
        others = sum(_belongs(resource, head) for resource in kept)
        more = f", with {others} that belong to it" if others else ""
        lines.append(f"{INDENT}{head.name:<{width}}  {', '.join(_protection(head))}{more}")
    return [
        *lines,
        f"{INDENT}Protected: a destroy is refused. Retained: it stays in the cloud when the stack lets go of it.",
        f"{INDENT}Deleting the data takes two keys: `homeshore:protect: false` and `homeshore:removal: destroy`.",
    ]


def _belongs(resource: Resource, other: Resource) -> bool:
    """Whether it is a part of the other: of the same component, and named after it."""
    return resource.parent == other.parent and resource.name.startswith(f"{other.name}-")


def _protection(resource: Resource) -> list[str]:
    flags = {"protected": resource.protect, "retained": resource.retain_on_delete}
    return [word for word, holds in flags.items() if holds]


def _outputs(outputs: Mapping[str, Plain], paint: Style) -> Iterator[str]:
    width = max(map(len, outputs))
    for name, value in sorted(outputs.items()):
        yield f"{INDENT}{name:<{width}}  {_shown(value, paint)}"


def _shown(value: Plain, paint: Style) -> str:
    if is_secret(value):
        return MASK
    if value == UNKNOWN:
        return paint(LATER, dim=True)
    if isinstance(value, str):
        return value
    text = json.dumps(value, ensure_ascii=False)
    return text.replace(UNKNOWN, LATER) if contains_unknown(value) else text
