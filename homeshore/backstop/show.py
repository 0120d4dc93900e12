"""The guard for people, and as one JSON document."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from homeshore.backstop.ask import Answer

VERSION: Final = 1
WIDTH: Final = 80
CLOUDS: Final = {"aws": "AWS", "azure": "Azure", "gcp": "Google Cloud"}


def judged_by(cloud: str) -> str:
    """What every form of the answer says of how sure it is."""
    name = CLOUDS[cloud]
    return (
        f"Judged only by Homeshore's own interpreter of what {name} documents, never by {name}: this is no proof. "
        "Put it in force on one account without production first."
    )


def document(found: Answer, written: Path | None = None) -> dict[str, object]:
    """The answer as --json prints it; without the files' content where they were written to `written`."""
    home = found.guard.home
    files = [
        {"path": one.name if written is None else str(written / one.name)}
        | ({"content": one.text} if written is None else {})
        for one in found.guard.documents
    ]
    return {
        "version": VERSION,
        "stack": found.stack,
        "cloud": home.cloud,
        "boundary": home.boundary.name,
        "scope": home.scope,
        "regions": [one.name for one in home.inside],
        "judged_by": judged_by(home.cloud),
        "controls": [
            {
                "id": one.id,
                "category": one.category,
                "title": one.title,
                "source": one.source,
                "rules": list(one.rules),
            }
            for one in found.guard.controls
        ],
        "left_out": [{"id": one.control.id, "reason": one.reason} for one in found.guard.left_out],
        "resources": found.resources,
        "stopped": [
            {"urn": one.resource.urn, "control": one.control.id, "request": one.request, "how": one.how}
            for one in found.stopped
        ],
        "files": files,
        "apply": list(found.guard.apply),
    }


def text(found: Answer, written: Path | None = None) -> str:
    """The answer for people: with the files' text, or with the place where they were written."""
    return "\n".join(_lines(found, written))


def _lines(found: Answer, written: Path | None) -> Iterator[str]:
    home = found.guard.home
    yield f"{found.stack}: a guard on {CLOUDS[home.cloud]} for the boundary {home.boundary.name}, at {home.scope}"
    yield from textwrap.wrap(judged_by(home.cloud), WIDTH)
    yield ""
    yield "It denies"
    for one in found.guard.controls:
        yield from _item(one.id, one.title)
    if found.guard.left_out:
        yield ""
        yield "It leaves open"
        for one in found.guard.left_out:
            yield from _item(one.control.id, f"{one.control.title}: {one.reason}")
    yield ""
    yield from _own(found)
    if written is None:
        for one in found.guard.documents:
            yield from ("", f"# {one.name}", one.text.rstrip("\n"))
    else:
        yield ""
        yield f"Written to {written}: {', '.join(one.name for one in found.guard.documents)}"
    yield ""
    yield f"To put it in force{'' if written is None else f', in {written}'}:"
    yield from found.guard.apply


def _item(identity: str, title: str) -> Iterator[str]:
    yield f"  {identity}"
    yield from textwrap.wrap(title, WIDTH, initial_indent="    ", subsequent_indent="    ")


def _own(found: Answer) -> Iterator[str]:
    if not found.stopped:
        yield f"It stops none of the stack's own {found.resources} resources."
        return
    yield f"It would stop some of the stack's own {found.resources} resources:"
    for one in found.stopped:
        yield f"  {one.control.id}: {one.resource.name} ({one.resource.type}, {one.request})"
