"""A capacity plan as people read it: one line per number, with its reason, the limit that drove it, and a footnote."""

from __future__ import annotations

import re
from itertools import groupby

import click
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from stacks.sizing import CapacityPlan, Decision

UNIT_IN_NAME = re.compile(r"_(seconds|mb|ms|minutes|days|hours|bytes|per_second|per_day)$")
SECTIONS = {
    "stream": "Stream",
    "processor": "Processor",
    "storage": "Bucket",
    "operations": "Operations",
    "sink": "Silver and gold",
}
GIB = 2**30
COUNTED = {"shards", "executions", "records", "days"}


def print_plan(title: str, plan: CapacityPlan) -> None:
    """Print `plan` to stdout under `title`, as wide as the terminal (80 columns where there is none)."""
    console = Console(highlight=False)
    with console.capture() as capture:
        _render(console, title, plan)
    for line in capture.get().splitlines():
        click.echo(line.rstrip())


def _render(console: Console, title: str, plan: CapacityPlan) -> None:
    console.print(Text(title, style="bold"))
    decisions = {decision.name: decision for decision in plan.decisions}
    assumptions: list[str] = []
    for section, members in groupby(plan.figures(), key=lambda figure: figure[0].split(".")[0]):
        console.print()
        console.print(Text(SECTIONS[section], style="bold"))
        table = _table([decisions[name] for name, _ in members], assumptions)
        console.print(Padding(table, (0, 0, 0, 2)))
    console.print()
    console.print(Text("Assumed, not measured for this workload:", style="bold"))
    for number, text in enumerate(assumptions, start=1):
        console.print(Padding(Text(f"[{number}] {text}"), (0, 0, 0, 2)))


def _table(decisions: list[Decision], assumptions: list[str]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(width=20)
    table.add_column(justify="right", width=19)
    table.add_column(ratio=1)
    for decision in decisions:
        if decision.value is None and not decision.unit:
            continue  # not a number of this cloud; the JSON says why
        table.add_row(Text(_label(decision.name)), Text(_amount(decision)), _why(decision, assumptions))
    return table


def _label(name: str) -> str:
    return UNIT_IN_NAME.sub("", name.split(".")[1]).replace("_", " ")


def _amount(decision: Decision) -> str:
    value, unit = decision.value, decision.unit
    if value is None:
        return "none"
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if unit == "B" and value % GIB == 0:
        return f"{value // GIB:,} GiB"
    return f"{value:,} {unit.removesuffix('s') if value == 1 and unit in COUNTED else unit}"


def _why(decision: Decision, assumptions: list[str]) -> Text:
    why = Text(decision.reason)
    for text in decision.assumptions:
        if text not in assumptions:
            assumptions.append(text)
        why.append(f" [{assumptions.index(text) + 1}]")
    driver = decision.limit or decision.source
    if driver:
        sure = f", {decision.confidence}" if decision.confidence and decision.confidence != "vendor" else ""
        why.append(f"\n{'limit' if decision.limit else 'from'}: {driver}{sure}", style="dim")
    return why
