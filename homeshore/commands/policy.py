"""`homeshore policy`: the rules in words, and the guard that stands when nobody previews. Subcommands are siblings."""

from __future__ import annotations

from pathlib import Path

import click


@click.group()
def command() -> None:
    """What the rules say, the runtime guard that is written from the same boundary, and what the rules catch.

    Example: homeshore policy explain SOV-AZ-003
    """


@command.command(short_help="Write the guard that the cloud itself enforces.")
@click.argument("stack")
@click.option(
    "--scope",
    metavar="ID",
    help="What it is attached to: an account or ou-… (AWS), a subscription or managementGroups/NAME (Azure), "
    "projects/ID, folders/N or organizations/N (Google Cloud).  [default: the stack's own]",
)
@click.option(
    "--customer",
    "customers",
    multiple=True,
    metavar="ID",
    help="Google Cloud: a directory customer whose members may be granted something (C0…); may be repeated.",
)
@click.option(
    "--out",
    "directory",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write the files there, all or none.  [default: print them]",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document (shape below) instead of text.")
def backstop(
    stack: str, *, scope: str | None, customers: tuple[str, ...], directory: Path | None, as_json: bool
) -> None:
    """Write the guard that the cloud itself enforces: what STACK's boundary forbids, whoever asks for it.

    AWS: service control policies. Azure: policy definitions, an initiative and its assignment. Google Cloud:
    organisation policies. It is judged by our own reading of the clouds' documentation, which is no proof; the
    table of what only a preview, only the guard, both or neither catches is in docs/backstop.md.

    \b
    Example: homeshore policy backstop dev
             homeshore policy backstop dev --scope ou-ab12-cdefghij --out guard

    Exits 1 where the guard would stop resources of the stack itself.

    \b
    JSON: {"version": 1, "stack", "cloud", "boundary", "scope", "regions", "judged_by",
      "controls": [{"id", "category", "title", "source", "rules"}], "left_out": [{"id", "reason"}],
      "resources", "stopped": [{"urn", "control", "request", "how"}],
      "files": [{"path", "content" where it is not written}], "apply": [command]}
    """
    import json

    from homeshore.backstop.ask import answer
    from homeshore.backstop.show import document, text
    from homeshore.backstop.write import write
    from homeshore.errors import Verdict

    found = answer(stack, scope, customers)
    shape = document(found, directory)
    if directory is not None:
        write(directory, {one.name: one.text for one in found.guard.documents}, shape)
    click.echo(json.dumps(shape, indent=2, ensure_ascii=False) if as_json else text(found, directory))
    if found.stopped:
        raise Verdict(
            f"The guard would stop {len(found.stopped)} requests of {stack} itself: nothing could be deployed."
        )


@command.command(short_help="Why a rule is there, what fails, what passes, how to fix it.")
@click.argument("rules", nargs=-1, metavar="[RULE]...")
@click.option("--all", "every", is_flag=True, help="Every rule in full, instead of the list.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document (shape below) instead of text.")
def explain(rules: tuple[str, ...], *, every: bool, as_json: bool) -> None:
    """Say why a RULE is there, what fails, what passes and how to fix it; without one, list them all.

    \b
    Example: homeshore policy explain SOV-AZ-003
             homeshore policy explain

    \b
    JSON: {"version": 1, "rules": [{"rule", "title", "cloud", "category", "severity",
      "enforcement", "firm", "decides": "resource" or "stack", "mends", "why", "expected",
      "remedy", "frameworks", "elsewhere", "types", "example": {"boundary", "parameters",
        "broken": [{"name", "type", "inputs"}], "also", "valid", "told"} or null}]}
    """
    import json

    from homeshore.explain import explained, explained_all
    from homeshore.explain.show import document, listing, text

    if every and rules:
        raise click.UsageError("Name rules or give --all, not both.")
    found = tuple(map(explained, dict.fromkeys(rules))) or explained_all()
    if as_json:
        click.echo(json.dumps(document(found), indent=2, ensure_ascii=False))
    elif rules or every:
        click.echo("\n\n".join(map(text, found)))
    else:
        click.echo(listing(found))


@command.command(short_help="Bend clean stacks and count what the pack catches.")
@click.argument("stacks", nargs=-1, metavar="[STACK]...")
@click.option("--all", "every", is_flag=True, help="Every stack that has a file, and the guests.")
@click.option(
    "--sample",
    type=click.IntRange(min=1),
    default=1,
    metavar="N",
    help="Bend only each N-th time: quicker, always the same ones.  [default: every time]",
)
@click.option("--write", is_flag=True, help="Write docs/sovereignty-score.md (with --all).")
@click.option("--check", is_flag=True, help="Compare docs/sovereignty-score.md instead of writing it (with --all).")
@click.option("--json", "as_json", is_flag=True, help="One JSON document (shape below) instead of text.")
def score(stacks: tuple[str, ...], *, every: bool, sample: int, write: bool, check: bool, as_json: bool) -> None:
    """Bend a clean stack in every way, one at a time, and count the bends that the pack catches.

    Every region, ARN, resource id, host, key, grant, boolean and listed value is bent, and each way out of a region
    is put beside the stack's own resources. Bends that change nothing are listed with the reason in
    docs/sovereignty-score.md, and so is what survives.

    \b
    Example: homeshore policy score dev
             homeshore policy score --all --write

    Exits 1 where a stack stays below 98 %, or where --check finds the page stale.

    \b
    JSON: {"version": 1, "wanted_percent", "stacks": [{"stack", "boundary", "bends", "caught", "equivalent",
      "survived", "score_percent", "enough", "survivors": [{"operator", "type", "resource", "path", "before",
      "after", "reason"}]}], "operators": {NAME: {"bends", "caught", "equivalent", "survived"}}}
    """
    from homeshore.scoring import asked

    asked(stacks, every=every, sample=sample, write=write, check=check, as_json=as_json)
