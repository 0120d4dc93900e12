"""`python -m policies.build.types`: how many of the installed SDKs' types the pack knows, and which it does not.

With `--check`: whether `policies/data/types.csv` fits the installed SDKs. Every row names a type that exists, none
twice; and no pattern says of a type that it holds no data whose name or inputs speak of some: such a type is named in
full by somebody who has looked at it. The SDKs are read as text: importing them all takes minutes.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from policies.standings import SEVERAL, Class, Row, judged, parts, standing, written

SDKS: Final = {"aws": "pulumi_aws", "azure-native": "pulumi_azure_native", "gcp": "pulumi_gcp"}
TYPE: Final = re.compile(r'@pulumi\.type_token\("([^"]+)"\)\nclass \w+\(pulumi\.CustomResource\)')
SIGNATURE: Final = re.compile(r"def _internal_init\(__self__,(.*?)__props__=None\)", re.DOTALL)
INPUT: Final = re.compile(r"^ +(\w+):", re.MULTILINE)
HOLDS: Final = re.compile(
    r"Database|Bucket|Queue|Snapshot|Backup|Replica|Cache|Volume|Disk(?!Enc)|File|DataSet|Dataset|Stream|Export|Copy"
    r"|Transfer|Store(?!d)|Vault|Warehouse|Image|Archive|Topic$|^Index|Repository|Instance$|Cluster$|Server$|Workspace$"
)
"""What the class of a type that holds data is often called."""
SPEAKS: Final = re.compile(r"kms|encrypt|snapshot|backup|replic(?!as?$)|retention|bucket|database|s3_|blob|storage")
"""What an input of a type that holds or moves data is often called."""


@cache
def installed() -> Mapping[str, frozenset[str]]:
    """Every resource type of the installed SDKs, with the names of its inputs as Python spells them."""
    found: dict[str, frozenset[str]] = {}
    for package in SDKS.values():
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            raise LookupError(f"{package} is not installed: run make setup")
        for file in Path(spec.origin).parent.glob("*/*.py"):
            if not file.name.startswith(("_", "get_", "list_")):
                source = file.read_text(encoding="utf-8")
                signature = SIGNATURE.search(source)
                inputs = frozenset(INPUT.findall(signature[1])) if signature else frozenset[str]()
                found |= dict.fromkeys(TYPE.findall(source), inputs)
    return found


def faults(table: tuple[Row, ...], types: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """What is wrong with a table, against the types that there are: a sentence each."""
    names = {parts(kind): kind for kind in types}
    for one, count in Counter((row.module, row.name) for row in table).items():
        if count > 1:
            yield f"{one[0]} {one[1]} stands {count} times"
    for row in table:
        if row.module.partition(":")[0] not in SDKS:
            continue
        if row.exact:
            kind = names.get((row.module, row.name), "")
            matched = bool(kind)
            if kind in judged() and row.standing.kind is Class.NONE:
                yield f"{kind} is said to hold no data, and a rule judges it"
        else:
            matched = any(row.matches(*name) for name in names)
        if not matched:
            yield f"{row.module} {row.name} names no type of the installed SDK"
        if not row.standing.reason:
            yield f"{row.module} {row.name} gives no reason"


def swallowed(table: tuple[Row, ...], types: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """The types that only a pattern says hold no data, although their name or an input speaks of some."""
    exact = {(row.module, row.name) for row in table if row.exact}
    # A pattern for a whole cloud names one kind of part, the same in each module: a grant, a rule of a firewall.
    parts_of_all = [row for row in table if SEVERAL in row.module]
    for kind, inputs in sorted(types.items()):
        speaks = sorted(one for one in inputs if SPEAKS.search(one))
        if parts(kind) in exact or standing(kind).kind is not Class.NONE:
            continue
        if any(row.matches(*parts(kind)) for row in parts_of_all):
            continue
        if speaks or HOLDS.search(parts(kind)[1]):
            yield f"{kind}: {', '.join(speaks) or 'its name'} speaks of data: name the type in full, or let it go"


def coverage() -> Iterator[str]:
    """How many types of each cloud have which standing, and the unclassified ones by module."""
    for package in SDKS:
        types = [kind for kind in installed() if kind.startswith(f"{package}:")]
        counted = Counter(standing(kind).kind for kind in types)
        yield f"{package}: {len(types)} types, " + ", ".join(f"{counted[one]} {one.value}" for one in Class)
        unknown: dict[str, list[str]] = {}
        for kind in sorted(types):
            if standing(kind).kind is Class.UNCLASSIFIED:
                module, name = parts(kind)
                unknown.setdefault(module, []).append(name)
        for module, names in unknown.items():
            yield f"  {module}: {' '.join(names)}"


def main(arguments: list[str] | None = None) -> int:
    """0 where the table fits, or the coverage was printed; 1 where it does not fit."""
    parser = argparse.ArgumentParser(
        prog="python -m policies.build.types",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--check", action="store_true", help="compare the table with the installed SDKs")
    if not parser.parse_args(arguments).check:
        sys.stdout.write("\n".join(coverage()) + "\n")
        return 0
    wrong = [*faults(written(), installed()), *swallowed(written(), installed())]
    sys.stderr.write("".join(f"types.csv: {one}\n" for one in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
