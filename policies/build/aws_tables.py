"""Writes policies/data/aws_actions.csv and aws_global.csv: `python -m policies.build.aws_tables`.

The actions come from cfn-lint's copy of AWS's service authorization reference (the dependency group `validity` has it);
the global types are those of the installed pulumi-aws whose resources take no `region`.
"""

from __future__ import annotations

import csv
import importlib.util
import json
import re
import sys
from importlib.resources import files
from pathlib import Path
from typing import TypeAlias, cast

DATA = Path(__file__).parents[1] / "data"
_Services: TypeAlias = "dict[str, dict[str, dict[str, dict[str, list[str]] | None]]]"
LISTING = ("describe", "list")
TYPE = re.compile(
    r'@pulumi\.type_token\("(aws:[^"]+)"\)\nclass \w+\(pulumi\.CustomResource\):(.*?)(?=\nclass |\Z)', re.S
)


def actions() -> list[tuple[str, str, str]]:
    """By service: actions that name no resource, and listing actions that do."""
    text = files("cfnlint").joinpath("data/AdditionalSpecs/Policies.json").read_text("utf-8")
    rows: list[tuple[str, str, str]] = []
    for service, entry in sorted(cast("_Services", json.loads(text)).items()):
        known = entry["Actions"]
        without = sorted(name for name, about in known.items() if not about or not about.get("Resources"))
        listing = sorted(name for name in set(known) - set(without) if name.startswith(LISTING))
        rows.append((service, " ".join(without), " ".join(listing)))
    return rows


def global_types() -> list[tuple[str]]:
    """The resource types that have no region of their own."""
    found: set[str] = set()
    sdk = importlib.util.find_spec("pulumi_aws")
    if sdk is None or sdk.origin is None:
        raise ModuleNotFoundError("pulumi_aws is not installed")
    for file in Path(sdk.origin).parent.rglob("*.py"):
        for token, body in TYPE.findall(file.read_text("utf-8")):
            taken = '__props__.__dict__["region"]' in body and '__props__.__dict__["region"] = None' not in body
            if not taken:
                found.add(token)
    return [(token,) for token in sorted(found)]


def write(name: str, header: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """One table."""
    with (DATA / name).open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(header)
        table.writerows(rows)
    sys.stdout.write(f"{name}: {len(rows)} rows\n")


if __name__ == "__main__":
    write("aws_global.csv", ("type",), list(global_types()))
    write("aws_actions.csv", ("service", "without_resource", "listing_with_resource"), list(actions()))
