"""`python -m policies.build.taggable`: write `policies/data/taggable.csv` from the installed SDKs, or check it.

A type is taggable when its class takes `tags` (AWS, Azure) or `labels` (Google Cloud) as a mapping of texts. It
inherits the provider's default tags or labels when the class gives back the merged ones. The SDKs are read as text:
importing them all takes minutes.
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
from typing import Final, NamedTuple

TABLE: Final = Path(__file__).resolve().parents[1] / "data" / "taggable.csv"
COLUMNS: Final = ("type", "input", "inherits")
TYPE: Final = re.compile(r"super\(\w+, __self__\)\.__init__\(\s*'([^']+:[^']+)'")
SIGNATURE: Final = re.compile(r"def _internal_init\((.*?)__props__=None\)", re.DOTALL)
NOT_RESOURCES: Final = ("__init__.py", "_inputs.py", "outputs.py", "_enums.py", "_utilities.py", "provider.py")


class Sdk(NamedTuple):
    """Which input of an SDK's classes carries tags, and which output carries them merged with the provider's."""

    package: str
    input: str
    merged: str


SDKS: Final = (
    Sdk("pulumi_aws", "tags", "tags_all"),
    Sdk("pulumi_azure_native", "tags", ""),
    Sdk("pulumi_gcp", "labels", "effective_labels"),
)
ELSEWHERE: Final = (
    ("gcp:container/cluster:Cluster", "resourceLabels", "yes"),
    ("gcp:sql/databaseInstance:DatabaseInstance", "settings.userLabels", "no"),
)
"""Types that hold data and carry their labels under another name."""


def main(arguments: list[str] | None = None) -> int:
    """0 where the table is as the SDKs say, or was written; 1 where it is not."""
    parser = argparse.ArgumentParser(prog="python -m policies.build.taggable", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the table")
    wanted = text()
    if parser.parse_args(arguments).write:
        TABLE.write_text(wanted, encoding="utf-8")
        return 0
    if TABLE.read_text(encoding="utf-8") == wanted:
        return 0
    sys.stderr.write(
        f"{TABLE.name} is not what the installed SDKs say: run python -m policies.build.taggable --write\n"
    )
    return 1


def text() -> str:
    """The table as the installed SDKs make it."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(sorted({row for sdk in SDKS for row in rows(sdk)} | set(ELSEWHERE)))
    return file.getvalue()


def rows(sdk: Sdk) -> Iterator[tuple[str, str, str]]:
    """The taggable types of one SDK."""
    spec = importlib.util.find_spec(sdk.package)
    if spec is None or spec.origin is None:
        raise LookupError(f"{sdk.package} is not installed: run make setup")
    carried = re.compile(rf"^\s+{sdk.input}: .*Mapping\[str, pulumi\.Input\[_builtins\.str\]", re.MULTILINE)
    for path in sorted(Path(spec.origin).parent.rglob("*.py")):
        if path.name in NOT_RESOURCES:
            continue
        source = path.read_text(encoding="utf-8")
        kind, signature = TYPE.search(source), SIGNATURE.search(source)
        if kind is None or signature is None or not carried.search(signature[1]):
            continue
        if not sdk.merged:
            yield kind[1], sdk.input, "no"
        elif f"def {sdk.merged}(" in source:
            yield kind[1], sdk.input, "yes"


if __name__ == "__main__":
    raise SystemExit(main())
