"""`homeshore demo`: the main job on the embedded cloud, or on the emulators of another one."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import click

from homeshore.errors import UserError

if TYPE_CHECKING:
    from homeshore.demo.lake import Ground, Lake
    from homeshore.demo.progress import Steps
    from homeshore.project import Project
    from processor.schema import Contract

# The stack of a cloud's run unless one is named.
STACKS: Mapping[str, str] = {"aws": "dev", "azure": "dev-azure", "gcp": "dev-gcp"}


@click.command()
@click.option(
    "--cloud", type=click.Choice(list(STACKS)), help="Whose adapter runs. Default: the stack's cloud, or aws."
)
@click.option(
    "--events", default=100_000, show_default=True, type=click.IntRange(100, 5_000_000), help="Events to send."
)
@click.option(
    "--stack",
    help="The stack to bring up (aws) or to take contract and boundary from. Default: dev, dev-azure or dev-gcp.",
)
@click.option("--keep", is_flag=True, help="Leave the embedded cloud running, with what was stored (aws only).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document (shape below) instead of text.")
def command(cloud: str | None, events: int, stack: str | None, *, keep: bool, as_json: bool) -> None:
    """Run the main job: up, send, process, query, account, down.

    Sends events of the stack's data contract, with 3 % foreign, 2 % undecodable and 1 % duplicate ones among them,
    through the real processor; reads the bucket back and accounts for each of them. On aws the whole stack is brought
    up on the embedded cloud. On azure the Functions adapter writes to Azurite; on gcp the Cloud Run worker pulls from
    Google's Pub/Sub emulator and writes to fake-gcs-server; what did not run there is said. Everything listens on
    127.0.0.1 only. Exits 1 when the accounting does not close, 2 when an emulator is missing.

    Example: homeshore demo --cloud azure --events 20000

    \b
    JSON: {"version": 1, "cloud", "stack", "emulator",
      "events": {"sent", "stored", "quarantined", "dead_lettered", "duplicates", "missing"},
      "sent_by_kind", "closes", "faults", "batches", "silver_rows", "redelivered",
      "query": [{"hour_start", "event_type", "events", "users"}], "resources", "not_applied",
      "limits": [{"what", "reason"}],
      "findings", "monthly_usd", "usd_per_million_events", "seconds": {step: seconds}}
    What is not built yet, or cannot be measured on a cloud's emulators, is null.
    """
    import json
    import time
    from contextlib import ExitStack

    from rich.console import Console

    from events import contract as contracts
    from homeshore.demo import account, report
    from homeshore.demo.progress import Steps
    from homeshore.demo.run import run
    from homeshore.stackfile import load_stack

    stack = stack or STACKS[cloud or "aws"]
    project, _, loaded = load_stack(stack)
    placed = loaded.config.placement.cloud
    if cloud not in (None, placed):
        raise UserError(f"--cloud {cloud}: stack {stack} stands on {placed}. Leave one of the two options out.")
    if keep and placed != "aws":
        raise UserError(f"--keep leaves a whole stack running, and on {placed} none is brought up. Leave it out.")
    boundary = loaded.config.residency.boundary
    try:
        contract = contracts.load(project.root / loaded.config.events)
    except contracts.ContractFaults as faults:
        raise UserError(str(faults)) from None
    started = time.monotonic()
    with Steps() as steps:
        with ExitStack() as open_until_done:
            ground, lake = open_until_done.enter_context(
                _running(placed, project, stack, contract=contract, boundary=boundary, steps=steps, keep=keep)
            )
            job = run(lake, contract, boundary, events, steps)
            down = time.monotonic()
        steps.seconds["down"] = round(time.monotonic() - down, 2)
        steps.seconds["total"] = round(time.monotonic() - started, 2)
    if as_json:
        click.echo(json.dumps(report.document(job, ground, steps.seconds), indent=1))
    else:
        report.show(job, ground, steps.seconds, Console(highlight=False))
        if keep:
            click.echo(f"still running at {ground.endpoint}: `homeshore local status`, `homeshore local down`")
    account.judge(job.accounting)


def _running(
    cloud: str, project: Project, stack: str, *, contract: Contract, boundary: str, steps: Steps, keep: bool
) -> AbstractContextManager[tuple[Ground, Lake]]:
    """The lake of the cloud; the libraries of another one are not touched."""
    if cloud == "azure":
        from homeshore.demo import azure

        return azure.running(project.root, stack, contract, boundary, steps)
    if cloud == "gcp":
        from homeshore.demo import gcp

        return gcp.running(stack, contract, boundary, steps)
    from homeshore.demo import aws

    return aws.running(project, stack, steps, keep=keep)
