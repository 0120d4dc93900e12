"""Which of the thirty ways out Checkov finds: python -m benchmarks.ways [--write]

Each way of tests/policies/ways is written as Terraform twice, broken and brought home, and scanned. A check that fails
on the broken one alone has seen the way; one that fails at home alone demands what leads out. Checks that fail on both
are about something else. --write puts the result into tests/policies/ways/checkov.csv, which docs/comparison.md shows.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import datetime
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks import peer, terraform
from homeshore.explain import changed
from policies.model import Resource
from tests.policies.cases.loader import resources
from tests.policies.ways.loader import HERE, Way, ways

TABLE: Final = HERE / "checkov.csv"
CONTROL: Final = tuple(
    f'resource "aws_kms_key" "control" {{\n  enable_key_rotation = {rotated}\n}}\n' for rotated in ("false", "true")
)
"""A key that does not rotate, and one that does: what Checkov must tell apart for the rest to mean anything."""
COLUMNS: Final = ("cloud", "way", "sees", "demands", "version", "date")


def written(way: Way) -> tuple[str, str, str]:
    """The way as HCL: broken, at home, and not taken at all; empty where there is no such form."""
    entry = way.entry
    if "hcl" in entry:
        return entry["hcl"], entry["hcl_home"], ""
    document = entry.get("terraform") or _converted(way.broken)
    if "terraform" in entry:
        home = changed(document, entry["terraform_home"]) if "terraform_home" in entry else {}
    else:
        home = _converted(way.home) if way.home else {}
    closed = _without(document, entry["closed"]) if "closed" in entry else {}
    return terraform.hcl(document), terraform.hcl(home), terraform.hcl(closed)


def _converted(described: list[dict[str, Any]]) -> terraform.Document:
    every = [one for one in resources(described) if not one.is_provider]
    return terraform.document([_linked(one, every) for one in every])


def _linked(one: Resource, every: list[Resource]) -> Resource:
    """The resource with references where it says another one's name, as whoever writes Terraform would have it."""
    others = {other.name: other.urn for other in every if other is not one}
    said = ((leaf.top, leaf.text.removeprefix(terraform.BUCKET)) for leaf in one.leaves)
    named = {top: (others[name],) for top, name in said if name in others}
    return dataclasses.replace(one, property_dependencies=named)


def _without(document: terraform.Document, labels: list[str]) -> terraform.Document:
    return {
        kind: {label: arguments for label, arguments in several.items() if label not in labels}
        for kind, several in document.items()
    }


def found() -> Iterator[dict[str, str]]:
    """A row for each way that a cloud has."""
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    with tempfile.TemporaryDirectory() as scratch, peer.inside() as checkov:
        blind = [text for text in CONTROL if "CKV_AWS_7" in _failed(checkov, Path(scratch), text)[0]]
        if blind != [CONTROL[0]]:
            raise SystemExit("Checkov does not see a key without rotation: the scan proves nothing")
        for way in ways():
            if way.none:
                continue
            broken, home, closed = (_failed(checkov, Path(scratch), text) for text in written(way))
            yield {
                "cloud": way.cloud,
                "way": way.name,
                "sees": " ".join(sorted(broken[0] - home[0])) if home[1] else "",
                "demands": " ".join(sorted((home[0] | closed[0]) - broken[0])),
                "version": broken[1],
                "date": today,
            }


def _failed(checkov: peer.Inside, scratch: Path, text: str) -> tuple[set[str], str]:
    """The checks that fail, and Checkov's version; nothing for nothing."""
    if not text:
        return set(), ""
    (scratch / "main.tf").write_text(text, encoding="utf-8")
    scan = checkov.scan("terraform", scratch)
    if not scan.resources and "resource " in text:
        raise SystemExit(f"Checkov saw nothing of\n{text}")
    return set(scan.failed), scan.version


def main() -> None:
    """Scan, and print or write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help=f"write {TABLE.name}")
    if parser.parse_args().write:
        rows = list(found())
        with TABLE.open("w", encoding="utf-8", newline="") as file:
            _write(csv.DictWriter(file, COLUMNS, lineterminator="\n"), rows)
    else:
        _write(csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n"), found())


def _write(writer: csv.DictWriter[str], rows: Any) -> None:
    writer.writeheader()
    writer.writerows(rows)


if __name__ == "__main__":
    main()
