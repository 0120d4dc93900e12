"""`homeshore plan standby`: what was asked, which regions can stand by, and how it is told."""

from __future__ import annotations

from typing import NamedTuple

import click
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

import geography
from geography import Partner, Region, Replication, Ruled
from homeshore.errors import UserError
from homeshore.project import find_project

VERSION = 1
ELSEWHERE = "`homeshore regions` lists regions; a stack is named by its file, Pulumi.STACK.yaml."


class Question(NamedTuple):
    """For which region a standby is sought, and what it must not leave. `stack` is None where a region was named."""

    stack: str | None
    place: Region
    boundary: geography.Boundary


class Answer(NamedTuple):
    """The regions that can stand by, nearest first, those that cannot, and what a standby copies."""

    question: Question
    partners: tuple[Partner, ...]
    ruled_out: tuple[Ruled, ...]
    replication: tuple[Replication, ...]


def question(target: str, cloud: str | None, boundary_name: str | None) -> Question:
    """What TARGET, a region's or a stack's name, asks for.

    A region is looked for first, on `cloud` or on each; without a boundary its own jurisdiction is one. A stack states
    its own cloud and boundary. Raises UserError.
    """
    place = _region(target, cloud)
    if place is not None:
        return Question(None, place, _boundary(boundary_name or place.jurisdiction))
    if cloud is not None:
        raise UserError(f"{cloud} has no region {target!r}{_near_regions(target, (cloud,))} {ELSEWHERE}")
    return _of_stack(target, boundary_name)


def answer(asked: Question) -> Answer:
    """Which regions can stand by for what was asked."""
    cloud, name, boundary = asked.place.cloud, asked.place.name, asked.boundary.name
    return Answer(
        asked,
        geography.partners(cloud, name, boundary),
        geography.ruled_out(cloud, name, boundary),
        geography.replication(cloud),
    )


def none_found(found: Answer) -> str:
    """Why there is no partner, in one or two sentences."""
    place, boundary = found.question.place, found.question.boundary
    if found.ruled_out:
        why = f"it has {_regions(len(found.ruled_out))} of {place.cloud} beside it there, and none can stand by."
    else:
        why = f"it is the only region of {place.cloud} there, so no copy can leave it and stay inside."
    return (
        f"{place.name} has no standby inside {boundary.name}: {why} "
        "A wider boundary (`homeshore regions --boundaries`) is a decision about the data, not about the region."
    )


def document(found: Answer) -> dict[str, object]:
    """The JSON of an answer; its shape is in the command's help."""
    asked = found.question
    return {
        "version": VERSION,
        "stack": asked.stack,
        "placement": {"cloud": asked.place.cloud, "region": asked.place.name},
        "boundary": asked.boundary.name,
        "services": list(geography.standby_services(asked.place.cloud)),
        "partners": [
            {
                "region": each.region.name,
                "country": each.region.country,
                "own_pair": each.own_pair,
                "same_country": each.same_country,
                "unknown": list(each.unknown),
            }
            for each in found.partners
        ],
        "ruled_out": [{"region": each.region.name, "reason": each.reason} for each in found.ruled_out],
        "pair_outside": _pair_outside(asked),
        "replication": [each._asdict() for each in found.replication],
    }


def print_answer(found: Answer) -> None:
    """Print an answer to stdout, as wide as the terminal (80 columns where there is none)."""
    console = Console(highlight=False)
    with console.capture() as capture:
        _render(console, found)
    for line in capture.get().splitlines():
        click.echo(line.rstrip())


def _render(console: Console, found: Answer) -> None:
    asked = found.question
    count = len(found.partners)
    title = f"{asked.stack or 'plan'}: {asked.place.cloud} {asked.place.name} inside {asked.boundary.name}"
    told = f"{_regions(count)} can stand by, nearest first" if count else "no region can stand by"
    console.print(Text(f"{title}, {told}", style="bold"))
    if found.partners:
        console.print()
        console.print(Padding(_partners(found), (0, 0, 0, 2)))
    if (outside := _pair_outside(asked)) is not None:
        console.print()
        console.print(
            f"Azure's own pair of {asked.place.name} is {outside}, outside {asked.boundary.name}: "
            "geo-redundant storage would leave, so it is refused."
        )
    if found.ruled_out:
        _section(console, "Inside, but no standby", [(each.region.name, each.reason) for each in found.ruled_out])
    if found.partners:
        copies = [(f"{each.subject}: {each.copied}", each.text) for each in found.replication]
        _section(console, "What a standby copies", copies)


def _partners(found: Answer) -> Table:
    titles = {service.name: service.title for service in geography.services(found.question.place.cloud)}
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(ratio=1)
    for each in found.partners:
        facts = ["the cloud's own pair"] * each.own_pair
        if each.unknown:
            facts.append(f"not known there: {', '.join(titles[name] for name in each.unknown)}")
        table.add_row(Text(each.region.name), Text(each.region.country), Text("; ".join(facts)))
    return table


def _section(console: Console, heading: str, rows: list[tuple[str, str]]) -> None:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(ratio=1)
    for head, text in rows:
        table.add_row(Text(head), Text(text))
    console.print()
    console.print(Text(heading, style="bold"))
    console.print(Padding(table, (0, 0, 0, 2)))


def _pair_outside(asked: Question) -> str | None:
    outside = geography.pair_outside(asked.place, asked.boundary)
    return None if outside is None else outside.name


def _regions(count: int) -> str:
    return f"{count} region{'s' * (count != 1)}"


def _region(name: str, cloud: str | None) -> Region | None:
    found: list[Region] = []
    for each in (cloud,) if cloud else geography.CLOUDS:
        try:
            found.append(geography.region(each, name))
        except geography.UnknownRegion:
            continue
    if not found:
        return None
    if len(found) > 1:
        raise UserError(f"{' and '.join(each.cloud for each in found)} have a {name}: say which with --cloud.")
    if found[0].kind != "region":
        raise UserError(f"{name} is a {found[0].kind} location of {found[0].cloud}, not a region. {ELSEWHERE}")
    return found[0]


def _boundary(name: str) -> geography.Boundary:
    try:
        return geography.boundary(name)
    except geography.UnknownBoundary as fault:
        near = f"did you mean {' or '.join(fault.suggestions)}? " if fault.suggestions else ""
        raise UserError(
            f"--boundary: there is no boundary {name!r}: {near}`homeshore regions --boundaries` lists them all."
        ) from None


def _of_stack(stack: str, boundary_name: str | None) -> Question:
    from homeshore.stackfile import load_stack

    near = _near_regions(stack, geography.CLOUDS)
    try:
        known = stack in find_project().stacks()
    except UserError as fault:
        raise UserError(f"No cloud has a region {stack!r}{near} {ELSEWHERE}\n{fault}") from None
    if not known:
        raise UserError(f"{stack!r} is neither a region nor a stack{near} {ELSEWHERE}")
    if boundary_name is not None:
        raise UserError("--boundary: name a region or a stack, not both; the stack file states its own boundary.")
    _, _, loaded = load_stack(stack)
    config = loaded.config
    place = geography.region(config.placement.cloud, config.placement.region)
    return Question(stack, place, geography.boundary(config.residency.boundary))


def _near_regions(name: str, clouds: tuple[str, ...]) -> str:
    from difflib import get_close_matches

    names = [place.name for place in geography.regions() if place.cloud in clouds and place.kind == "region"]
    found = get_close_matches(name.strip().lower(), names, n=3)
    return f": did you mean {' or '.join(found)}?" if found else "."
