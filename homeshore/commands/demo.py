"""`homeshore demo`: the main job on the embedded cloud."""

from __future__ import annotations

import click

from homeshore.errors import UserError


@click.command()
@click.option(
    "--events", default=100_000, show_default=True, type=click.IntRange(100, 5_000_000), help="Events to send."
)
@click.option("--stack", default="dev", show_default=True, help="The stack to bring up.")
@click.option("--keep", is_flag=True, help="Leave the embedded cloud running, with what was stored.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document (shape below) instead of text.")
def command(events: int, stack: str, *, keep: bool, as_json: bool) -> None:
    """Run the main job: up, send, process, query, account, down.

    Sends events of the stack's data contract, with 3 % foreign, 2 % undecodable and 1 % duplicate ones among them,
    through the real processor on the embedded cloud; reads the bucket back and accounts for each of them.
    Exits 1 when the accounting does not close.

    Example: homeshore demo --events 20000

    \b
    JSON: {"version": 1, "stack", "emulator",
      "events": {"sent", "stored", "quarantined", "dead_lettered", "duplicates", "missing"},
      "sent_by_kind", "closes", "faults", "batches", "silver_rows", "redelivered",
      "query": [{"hour_start", "event_type", "events", "users"}], "resources", "not_applied",
      "findings", "monthly_usd", "usd_per_million_events", "seconds": {step: seconds}}
    What is not built yet is null.
    """
    import json
    import time
    from contextlib import ExitStack

    from rich.console import Console

    from events import contract as contracts
    from homeshore.demo import account, report
    from homeshore.demo.progress import Steps
    from homeshore.demo.run import lake_of, run
    from homeshore.local import cloud
    from homeshore.stackfile import load_stack

    project, _, loaded = load_stack(stack)
    config = loaded.config
    try:
        contract = contracts.load(project.root / config.events)
    except contracts.ContractFaults as faults:
        raise UserError(str(faults)) from None
    started = time.monotonic()
    with Steps() as steps:
        with ExitStack() as open_until_done:
            with steps.step("up", f"bringing {stack} up on the embedded cloud") as bar:
                running = open_until_done.enter_context(
                    cloud.running(project, stack, keep=keep, progress=lambda said: bar.detail(said.split("  ")[-1]))
                )
            steps.say(f"  endpoint {running.endpoint}")
            job = run(lake_of(running), contract, config.residency.boundary, events, steps)
            down = time.monotonic()
        steps.seconds["down"] = round(time.monotonic() - down, 2)
        steps.seconds["total"] = round(time.monotonic() - started, 2)
    if as_json:
        click.echo(json.dumps(report.document(job, running.report, steps.seconds), indent=1))
    else:
        report.show(job, running.report, steps.seconds, Console(highlight=False))
        if keep:
            click.echo(f"still running at {running.endpoint}: `homeshore local status`, `homeshore local down`")
    account.judge(job.accounting)
