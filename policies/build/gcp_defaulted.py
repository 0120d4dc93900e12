"""`python -m policies.build.gcp_defaulted`: write `policies/data/gcp_defaulted.csv` from the SDK, or check it.

The types of Google Cloud that lie where their provider does unless they say otherwise: those whose class takes an
optional `region` or `zone`. Grants are none: what they are about lies where it lies. The SDK is read as text: importing
it takes minutes.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from policies.build.taggable import NOT_RESOURCES, SIGNATURE, TYPE

TABLE: Final = Path(__file__).resolve().parents[1] / "data" / "gcp_defaulted.csv"
COLUMNS: Final = ("type", "input")
OPTIONAL: Final = re.compile(r"^\s+(region|zone): .* = None,?$", re.MULTILINE)
REQUIRED: Final = "if {0} is None and not opts.urn"
GRANT: Final = re.compile(r"(IAM|Iam)\w+$")
ELSEWHERE: Final = (
    ("gcp:container/cluster:Cluster", "location"),
    ("gcp:container/nodePool:NodePool", "location"),
)
"""Types whose location is the provider's zone or region where nothing is said."""


def main(arguments: list[str] | None = None) -> int:
    """0 where the table is as the SDK says, or was written; 1 where it is not."""
    parser = argparse.ArgumentParser(prog="python -m policies.build.gcp_defaulted", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the table")
    wanted = text()
    if parser.parse_args(arguments).write:
        TABLE.write_text(wanted, encoding="utf-8")
        return 0
    if TABLE.read_text(encoding="utf-8") == wanted:
        return 0
    sys.stderr.write(
        f"{TABLE.name} is not what the installed SDK says: run python -m policies.build.gcp_defaulted --write\n"
    )
    return 1


def text() -> str:
    """The table as the installed SDK makes it."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(sorted({*rows(), *ELSEWHERE}))
    return file.getvalue()


def rows() -> Iterator[tuple[str, str]]:
    """The types with an optional region or zone, and which of them it is: the zone where there are both."""
    spec = importlib.util.find_spec("pulumi_gcp")
    if spec is None or spec.origin is None:
        raise LookupError("pulumi_gcp is not installed: run make setup")
    for path in sorted(Path(spec.origin).parent.rglob("*.py")):
        if path.name in NOT_RESOURCES:
            continue
        source = path.read_text(encoding="utf-8")
        kind, signature = TYPE.search(source), SIGNATURE.search(source)
        if kind is None or signature is None or GRANT.search(kind[1]):
            continue
        optional = {one for one in OPTIONAL.findall(signature[1]) if REQUIRED.format(one) not in source}
        if optional:
            yield kind[1], max(optional)


if __name__ == "__main__":
    raise SystemExit(main())
