"""`homeshore regions`: regions, their jurisdictions, and the boundaries that hold them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import click

import geography
from homeshore.errors import UserError


@click.command("regions")
@click.option("--boundary", "boundary_name", metavar="NAME", help="Only what lies inside this boundary.")
@click.option("--cloud", type=click.Choice(geography.CLOUDS), help="Only this cloud.")
@click.option("--all", "every", is_flag=True, help="Multi-regions and global locations too.")
@click.option("--boundaries", "of_boundaries", is_flag=True, help="List the boundaries instead of the regions.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document (shape below) instead of text.")
def command(boundary_name: str | None, cloud: str | None, every: bool, of_boundaries: bool, as_json: bool) -> None:
    """List regions with their country and jurisdiction, or the boundaries that a stack file can name.

    A pair marked with ! lies in another jurisdiction: what the cloud replicates there by itself leaves home.

    \b
    Example: homeshore regions --boundary eu --cloud aws
             homeshore regions --boundaries

    \b
    JSON: {"version": 1, "boundary", "regions": [{"cloud", "name", "kind", "country",
      "jurisdiction", "paired_region", "partition", "notes"}]}
    JSON of --boundaries: {"version": 1, "boundaries": [{"name", "title", "jurisdictions",
      "countries", "regions": {cloud: [name]}}]}
    """
    if of_boundaries:
        if boundary_name or cloud or every:
            raise click.UsageError("--boundaries lists every boundary: leave the other options out.")
        _print_boundaries(as_json)
        return
    boundary = _boundary(boundary_name) if boundary_name else None
    found = [
        place
        for place in geography.regions(cloud)
        if (every or place.kind == "region") and (boundary is None or boundary.holds(place))
    ]
    if as_json:
        rows = [place._asdict() for place in found]
        click.echo(json.dumps({"version": 1, "boundary": boundary_name, "regions": rows}, indent=2))
        return
    if boundary is not None:
        click.echo(f"{len(found)} inside {boundary.name}: {boundary.title}\n")
    _print_table(
        ("cloud", "region", "country", "jurisdiction", "pair"),
        ((p.cloud, p.name, p.country or "-", p.jurisdiction, _pair(p)) for p in found),
    )


def _boundary(name: str) -> geography.Boundary:
    try:
        return geography.boundary(name)
    except geography.UnknownBoundary as fault:
        near = f"did you mean {' or '.join(fault.suggestions)}? " if fault.suggestions else ""
        raise UserError(
            f"--boundary: there is no boundary {name!r}: {near}`homeshore regions --boundaries` lists them all."
        ) from None


def _pair(place: geography.Region) -> str:
    if place.paired_region is None:
        return ""
    pair = geography.region(place.cloud, place.paired_region)
    return pair.name if pair.jurisdiction == place.jurisdiction else f"{pair.name} !"


def _print_boundaries(as_json: bool) -> None:
    inside = {
        b.name: {
            cloud: [r.name for r in geography.regions(cloud) if r.kind == "region" and b.holds(r)]
            for cloud in geography.CLOUDS
        }
        for b in geography.boundaries()
    }
    if as_json:
        rows = [
            {
                "name": b.name,
                "title": b.title,
                "jurisdictions": sorted(b.jurisdictions),
                "countries": sorted(b.countries),
                "regions": inside[b.name],
            }
            for b in geography.boundaries()
        ]
        click.echo(json.dumps({"version": 1, "boundaries": rows}, indent=2, ensure_ascii=False))
        return
    counts = {name: [str(len(regions)) for regions in clouds.values()] for name, clouds in inside.items()}
    _print_table(
        ("boundary", *geography.CLOUDS, "area"),
        ((b.name, *counts[b.name], b.title) for b in geography.boundaries()),
    )


def _print_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    table = [head, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(head))]
    for row in table:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
