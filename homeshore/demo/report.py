"""What the demo prints: the gold table, the accounting, the stack; or the same as one JSON document."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table as Grid

from homeshore.demo.lake import Ground
from homeshore.demo.run import Job

FORMAT_VERSION = 1


def document(job: Job, ground: Ground, seconds: Mapping[str, float]) -> dict[str, object]:
    """The documented shape of `homeshore demo --json`; what is not built, or cannot be measured here, is null."""
    counts = job.accounting
    return {
        "version": FORMAT_VERSION,
        "cloud": ground.cloud,
        "stack": ground.stack,
        "emulator": ground.emulator,
        "events": {
            "sent": counts.sent,
            "stored": counts.stored,
            "quarantined": counts.quarantined,
            "dead_lettered": counts.dead_lettered,
            "duplicates": counts.duplicates,
            "missing": counts.missing,
        },
        "sent_by_kind": dict(sorted(job.sent.items())),
        "closes": counts.closes,
        "faults": list(counts.faults),
        "batches": counts.batches,
        "silver_rows": counts.silver_rows,
        "redelivered": counts.redelivered,
        "query": job.gold.records(),
        "resources": ground.resources,
        "not_applied": None if ground.not_applied is None else list(ground.not_applied),
        "limits": [{"what": limit.what, "reason": limit.reason} for limit in ground.limits],
        "findings": None,
        "monthly_usd": None,
        "usd_per_million_events": None,
        "seconds": dict(seconds),
    }


def show(job: Job, ground: Ground, seconds: Mapping[str, float], console: Console) -> None:
    """The same for people."""
    console.print(_gold(job))
    console.print(_accounting(job))
    counts = job.accounting
    console.print(
        f"accounting {'closes' if counts.closes else 'DOES NOT CLOSE'}: {counts.sent:,} sent = "
        f"{counts.stored:,} stored + {counts.duplicates:,} duplicates + {counts.quarantined:,} quarantined + "
        f"{counts.dead_lettered:,} dead-lettered" + ("" if counts.closes else f" + {counts.missing:,} missing"),
        style="bold" if counts.closes else "bold red",
        soft_wrap=True,
    )
    for fault in counts.faults[:10]:
        console.print(f"  {fault}", style="red", soft_wrap=True)
    console.print(f"{_stands_on(ground)}; {counts.batches} objects in bronze; {ground.sql}", soft_wrap=True)
    if ground.resources is None:
        console.print(f"not run: {'; '.join(limit.what for limit in ground.limits)}", soft_wrap=True)
    console.print(", ".join(f"{name} {value:.1f} s" for name, value in seconds.items()), style="dim", soft_wrap=True)


def _stands_on(ground: Ground) -> str:
    if ground.resources is None:
        return f"data contract and boundary of stack {ground.stack} on {ground.emulator}"
    missing = len(ground.not_applied or ())
    said = f"{ground.resources} resources of stack {ground.stack} on {ground.emulator}"
    return said + (f", {missing} could not be applied there" if missing else "")


def _gold(job: Job) -> Grid:
    grid = Grid(title="Events and distinct users per hour and type", title_justify="left", title_style="bold")
    for column in job.gold.columns:
        grid.add_column(column, justify="right" if column in ("events", "users") else "left")
    for row in job.gold.rows:
        grid.add_row(*(_cell(value) for value in row))
    return grid


def _cell(value: str | None) -> str:
    return f"{int(value):,}" if value and value.isdecimal() else value or ""


def _accounting(job: Job) -> Grid:
    counts, sent = job.accounting, job.sent
    grid = Grid(title="Every event accounted for", title_justify="left", title_style="bold")
    for column in ("sent as", "events", "found as", "counted"):
        grid.add_column(column, justify="right" if column in ("events", "counted") else "left")
    for kind, found, counted in (
        ("valid", "stored, distinct", counts.stored),
        ("duplicate", "duplicates", counts.duplicates),
        ("foreign", "quarantined", counts.quarantined),
        ("undecodable", "dead-lettered", counts.dead_lettered),
    ):
        grid.add_row(kind, f"{sent[kind]:,}", found, f"{counted:,}")
    return grid
