"""`homeshore check`: what is wrong with a stack before it is deployed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from homeshore.errors import Verdict

if TYPE_CHECKING:
    from findings import Report
    from homeshore.check.paths import Drawn
    from homeshore.project import Project
    from policies.configuration import Configuration

LEFT_OUT = "none"


@click.command("check")
@click.argument("stacks", nargs=-1, metavar="[STACK]...")
@click.option("--all", "every", is_flag=True, help="Every stack that has a file, instead of named ones.")
@click.option(
    "--input", "files", multiple=True, metavar="FILE...", help="Files instead of stacks; - is standard input."
)
@click.option(
    "--boundary",
    metavar="AREA",
    help="What no data may leave: eu, de, eu+uk … For files that do not say it; none leaves sovereignty out.",
)
@click.option(
    "--policy-config",
    "config",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="The policy pack's config: levels per rule, parameters (YAML or JSON; docs/policies.md).",
)
@click.option(
    "--paths", "as_paths", is_flag=True, help="Where the bytes of each store can go, instead of findings (shape below)."
)
@click.option(
    "--what-if",
    "what_if",
    multiple=True,
    metavar="SENTENCE",
    help="What would break if the law changed: 'uk not adequate', 'hu leaves eu' … (docs/transfers.md). Repeatable.",
)
@click.option("--strict", is_flag=True, help="Let warnings fail the check too.")
@click.option("--verbose", is_flag=True, help="Leave nothing out: every resource, every value that is not known yet.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document (shape below): --format json.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif", "junit", "github"]),
    help="What to print.  [default: text]",
)
@click.option(
    "--output",
    "outputs",
    multiple=True,
    metavar="FILE",
    help="Write a file as well, in the format of its extension: .sarif, .xml (JUnit), .json, .txt. May be repeated.",
)
@click.option("--undetermined", metavar="FILE", help="Write what is known only after the update, as JSON.")
def command(
    stacks: tuple[str, ...],
    *,
    every: bool,
    files: tuple[str, ...],
    boundary: str | None,
    config: str | None,
    as_paths: bool,
    what_if: tuple[str, ...],
    strict: bool,
    verbose: bool,
    as_json: bool,
    form: str | None,
    outputs: tuple[str, ...],
    undetermined: str | None,
) -> None:
    """Judge what a stack file becomes, before it is deployed: no account, no plugin, no `pulumi` binary.

    Does data leave its boundary, is it encrypted, who may read it, is it kept too long, and what would a provider
    refuse? Every violation is told with what is expected, how to mend it and where it stands; what nobody can know
    before the update is counted, never passed over. A secret's value is never shown.

    --input takes what `homeshore preview --json`, `pulumi preview --json` and `pulumi stack export` print, of any
    stack. Where such a stack does not say what its boundary is, --boundary does (eu, de, eu+uk; none leaves
    sovereignty out).

    \b
    Example: homeshore check dev
             homeshore check --all --format github --output report.sarif --output report.xml
             pulumi preview --json | homeshore check --input - --boundary eu
             homeshore check --paths dev
             homeshore check --all --what-if 'uk not adequate'

    Exits 1 where a violation fails the check (with --strict also a warning), and where no verdict can be: nothing or
    not everything was judged, or every violation is exempted; with --paths, where bytes can leave the boundary or good
    records can vanish; 2 where a file or a program cannot be read.

    \b
    JSON of one STACK or FILE: {"version": 1, "stack",
      "findings": [{"rule", "category", "severity", "enforcement", "stack", "urn", "path",
        "message", "remedy", "found", "allowed", "source", "frameworks", "file",
        "source_file", "source_line", "transfers"}],
      "exempted": [{..., "reason", "owner", "expires", "ticket"}],
      "not_judged": [{"category", "stack", "urn", "type", "reason", "file"}],
      "undetermined": [{"rule", "category", "stack", "urn", "path", "reason", "file"}],
      "transfers": [{"stack", "what", "destination", "recipient", "basis", "reference", "expires",
        "lowers", "file"}],
      "gaps": [why there is no verdict],
      "summary": {"resources", "judged", "mandatory", "advisory", "exempted", "not_judged",
        "undetermined", "rules": {"pass", "fail", "not_applicable", "not_evaluated",
          "left_out"}, "evaluations", "categories"}}
    JSON of several, and of --all: {"version": 1, "stacks": [...]}

    \b
    JSON of --paths: {"version": 1, "stacks": [{"stack", "file", "gaps",
      "stores": [{"urn", "type", "name", "what", "place", "more",
        "paths": [{"to", "urn", "place", "rules",
          "verdict": leaves | vanishes | unknown | named | allowed | inside,
          "hops": [{"urn", "path", "kind", "what"}]}]}]}]}

    \b
    JSON of --what-if: {"version": 1, "what_if", "breaks": true | false, "stacks": [{"stack", "file",
      "breaks", "boundary": {"name", "loses": [ISO codes]}, "findings": [as above],
      "paths": [{"store", "urn", "to", "place", "rules", "hops"}], "broken_already", "gaps"}]}
    """
    from homeshore.check import printing

    if as_json and form not in (None, "json"):
        raise click.UsageError("Give --json or --format, not both.")
    if every and (stacks or files):
        raise click.UsageError("Name stacks or files or give --all, not several of them.")
    if boundary == LEFT_OUT and not files:
        raise click.UsageError("--boundary none is for files: a stack file always states its boundary.")
    if what_if:
        if as_paths or form not in (None, "text", "json") or outputs or undetermined or strict:
            raise click.UsageError("--what-if prints text or JSON: no --paths, --strict, --output, --undetermined.")
        _suppose(
            what_if,
            stacks,
            every,
            files=files,
            boundary=boundary,
            config=config,
            as_json=as_json or form == "json",
            verbose=verbose,
        )
        return
    if as_paths:
        if form not in (None, "text", "json") or outputs or undetermined or strict:
            raise click.UsageError("--paths prints text or JSON: it takes no --strict, --output or --undetermined.")
        _paths(_charts(stacks, every, files, boundary, config), as_json=as_json or form == "json", verbose=verbose)
        return
    forms = _forms(outputs)
    reports = _reports(stacks, every, files, boundary, config)
    how = printing.Printing(every or len(reports) != 1, strict, verbose)
    for file, wanted in forms.items():
        printing.write(file, how.document(wanted, reports))
    if undetermined is not None:
        printing.write(undetermined, printing.undetermined(reports))
    click.echo(how.document("json" if as_json else form or "text", reports, click.style))
    _judge(reports, strict, _forgotten(reports) if every else [])


def _paths(charts: list[Drawn], *, as_json: bool, verbose: bool) -> None:
    """Print where bytes can go, and raise the verdict."""
    from homeshore.check import paths, printing

    width = printing.width()
    text = printing.dumped(paths.document(charts)) if as_json else ""
    click.echo(text or paths.render(charts, click.style, width=width, verbose=verbose))
    if not charts:
        raise Verdict("No verdict: nothing was judged, because there is no stack in the input.")
    if told := paths.sentences(charts):
        raise Verdict("\n".join(told))


def _suppose(
    what_if: tuple[str, ...],
    stacks: tuple[str, ...],
    every: bool,
    *,
    files: tuple[str, ...],
    boundary: str | None,
    config: str | None,
    as_json: bool,
    verbose: bool,
) -> None:
    """Print what would break under the sentences, and raise the verdict."""
    from homeshore.check import printing, whatif
    from homeshore.check.policy import told_by
    from homeshore.engine.many import every_result, run_programs
    from homeshore.foreign import read
    from homeshore.project import find_project

    needed = boundary != LEFT_OUT
    judged = partial(
        whatif.broken,
        tables=whatif.supposed(what_if),
        told=told_by(config, boundary if needed else None),
        boundary_needed=needed,
    )
    if files:
        found = [judged(one, file) for file in dict.fromkeys([*files, *stacks]) for one in read(file)]
    else:
        project = find_project()
        found = every_result(run_programs(project, _names(project, stacks, every), judged))
    text = printing.dumped(whatif.document(what_if, found)) if as_json else ""
    click.echo(text or whatif.render(what_if, found, click.style, width=printing.width(), verbose=verbose))
    if not found:
        raise Verdict("No verdict: nothing was judged, because there is no stack in the input.")
    if told := whatif.sentences_of(found):
        raise Verdict("\n".join(told))


def _charts(
    stacks: tuple[str, ...], every: bool, files: tuple[str, ...], boundary: str | None, config: str | None
) -> list[Drawn]:
    from homeshore.check.paths import drawn
    from homeshore.check.policy import told_by
    from homeshore.engine.many import every_result, run_programs
    from homeshore.foreign import read
    from homeshore.project import find_project

    needed = boundary != LEFT_OUT
    told = told_by(config, boundary if needed else None)
    if files:
        found = [(file, snapshot) for file in dict.fromkeys([*files, *stacks]) for snapshot in read(file)]
        return [drawn(snapshot, file, told=told, boundary_needed=needed) for file, snapshot in found]
    project = find_project()
    return every_result(run_programs(project, _names(project, stacks, every), partial(drawn, told=told)))


def _forms(outputs: tuple[str, ...]) -> dict[str, str]:
    from homeshore.check.printing import BY_EXTENSION, form_of

    forms: dict[str, str] = {}
    for file in outputs:
        form = form_of(file)
        if form is None:
            raise click.UsageError(f"--output {file}: its extension is none of {', '.join(BY_EXTENSION)}.")
        forms[file] = form
    return forms


def _reports(
    stacks: tuple[str, ...], every: bool, files: tuple[str, ...], boundary: str | None, config: str | None
) -> list[Report]:
    from homeshore.check.policy import told_by

    needed = boundary != LEFT_OUT
    told = told_by(config, boundary if needed else None)
    # The shell puts the files of `--input *.json` after the first one among the arguments.
    return _of_files([*files, *stacks], told, needed) if files else _of_stacks(stacks, every, told)


def _of_files(files: list[str], told: Configuration, boundary_needed: bool) -> list[Report]:
    from homeshore.check import judges, report
    from homeshore.foreign import read

    found = [(file, snapshot) for file in dict.fromkeys(files) for snapshot in read(file)]
    by = judges(told)
    return [report(snapshot, file, by, boundary_needed=boundary_needed) for file, snapshot in found]


def _of_stacks(stacks: tuple[str, ...], every: bool, told: Configuration) -> list[Report]:
    from homeshore.check import judges, report
    from homeshore.engine.many import every_result, run_programs
    from homeshore.project import find_project

    project = find_project()
    by = judges(told)  # once, before the workers are forked
    judged = partial(report, by=by, folder=project.root)
    return every_result(run_programs(project, _names(project, stacks, every), judged))


def _names(project: Project, stacks: tuple[str, ...], every: bool) -> list[str]:
    names = project.stacks() if every else list(dict.fromkeys(stacks))
    if not names:
        known = ", ".join(project.stacks()) or "none yet"
        raise click.UsageError(f"Name a stack, or give --all or --input. Stack files here: {known}.")
    for name in names:
        project.stack_file(name)
    return names


def _forgotten(reports: list[Report]) -> list[str]:
    """Expired exemptions that belong to no stack of the project, so that no report tells them."""
    import datetime

    from policies.exemptions import forgotten, standing

    return list(forgotten(standing(), {one.stack for one in reports}, datetime.date.today()))  # noqa: DTZ011 - a local day


def _judge(reports: list[Report], strict: bool, forgotten: list[str]) -> None:
    """Raise the verdict, a sentence per reason on standard error."""
    from homeshore.check.harmless import printable

    if not reports:
        raise Verdict("No verdict: nothing was judged, because there is no stack in the input.")
    failing = [report.file or report.stack for report in reports if report.failing(strict=strict)]
    told = [f"The check fails for {_listed(failing)}."] if failing else []
    gaps: dict[str, list[str]] = {}
    for report in reports:
        for gap in report.gaps:
            gaps.setdefault(gap, []).append(report.file or report.stack)
    told += forgotten
    told += [f"No verdict on {_listed(where)}: {gap}." for gap, where in gaps.items()]
    if told:
        raise Verdict("\n".join(printable(one) for one in told))


def _listed(names: list[str]) -> str:
    return ", ".join(dict.fromkeys(name or "(no name)" for name in names))
