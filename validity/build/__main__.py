"""`python -m validity.build`: write the rule tables, or check what can be checked of them here."""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import json
import sys
import tomllib
from pathlib import Path
from typing import Any, Final, TypeAlias

import botocore

from validity.build.tables import TABLES, Table, Types, types_of
from validity.table import DATA

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ROOT / ".build" / "rules"
FORMAT: Final = 1
LICENCE_KEYS: Final = ("License-Expression", "License")
Document: TypeAlias = dict[str, Any]


def main(arguments: list[str] | None = None) -> int:
    """0 where the tables are as they should be, or were written."""
    parser = argparse.ArgumentParser(prog="python -m validity.build", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write all tables; needs the packages of `make rules`")
    if parser.parse_args(arguments).write:
        for table in TABLES:
            path = DATA / f"{table.name}.json"
            path.write_text(text(document(table, types_of(table, home(table)))), encoding="utf-8")
            sys.stderr.write(f"{path.relative_to(ROOT)}: {path.stat().st_size // 1024} KiB\n")
        return 0
    faults = [fault for table in TABLES for fault in check(table)]
    sys.stderr.writelines(f"{fault}\n" for fault in faults)
    unread = ", ".join(table.name for table in TABLES if not complete(table))
    if unread:
        sys.stderr.write(f"Only digest and pins were compared, because `make rules` was not run here: {unread}.\n")
    return 1 if faults else 0


def check(table: Table) -> list[str]:
    """What is not as it should be: the pins, the digest, and, where the packages are here, the rules themselves."""
    name = f"validity/data/{table.name}.json"
    path = DATA / f"{table.name}.json"
    if not path.is_file():
        return [f"{name} is not there: run `make rules`."]
    committed: Document = json.loads(path.read_bytes())
    faults: list[str] = []
    if committed.get("format") != FORMAT or committed.get("digest") != digest(committed["types"]):
        faults.append(f"{name} was edited by hand, or is of another format: run `make rules` and commit it.")
    pins = pinned()
    for row in committed["sources"]:
        wanted = pins.get(row["package"], importlib.metadata.version("botocore"))
        if row["version"] != wanted:
            faults.append(f"{name} comes from {row['package']} {row['version']}, pinned is {wanted}: run `make rules`.")
    if not faults and complete(table) and document(table, types_of(table, home(table))) != committed:
        faults.append(f"{name} is not what its sources and map.toml give now: run `make rules` and commit it.")
    return faults


def pinned() -> dict[str, str]:
    """The exact versions of the dependency group `validity`. botocore is not among them: the lock file pins it."""
    group: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"][
        "validity"
    ]
    return dict(row.split("==", 1) for row in group)


def home(table: Table) -> Path:
    """The directory that holds the packages of a table."""
    return Path(botocore.__file__).parents[1] if table.packages == ("botocore",) else PACKAGES


def complete(table: Table) -> bool:
    """Whether all packages of a table are here, in the pinned versions."""
    here = {dist.name: dist.version for dist in importlib.metadata.distributions(path=[str(home(table))])}
    pins = pinned()
    return all(name in here and pins.get(name, here[name]) == here[name] for name in table.packages)


def document(table: Table, types: Types) -> Document:
    """A table as it is committed."""
    here = {dist.name: dist for dist in importlib.metadata.distributions(path=[str(home(table))])}
    sources = [
        {"package": name, "version": here[name].version, "licence": licence(here[name])} for name in table.packages
    ]
    return {"format": FORMAT, "title": table.title, "sources": sources, "digest": digest(types), "types": types}


def licence(distribution: importlib.metadata.Distribution) -> str:
    """The licence that a package declares."""
    declared = next((distribution.metadata[key] for key in LICENCE_KEYS if key in distribution.metadata), "")
    known = {"MIT License": "MIT", "Apache 2.0": "Apache-2.0", "Apache License 2.0": "Apache-2.0"}
    return known.get(declared, declared)


def digest(types: Types) -> str:
    """The fingerprint of a table's rules."""
    return hashlib.sha256(json.dumps(types, sort_keys=True).encode()).hexdigest()


def text(shape: Document) -> str:
    """One line per type and path, so that a change of a source is a readable difference."""
    lines = [f" {json.dumps(key)}: {json.dumps(value)}," for key, value in shape.items() if key != "types"]
    types: list[str] = []
    for token, rules in shape["types"].items():
        rows = ",\n".join(f"   {json.dumps(path)}: {json.dumps(rule)}" for path, rule in rules.items())
        types.append(f"  {json.dumps(token)}: {{\n{rows}\n  }}")
    return "\n".join(["{", *lines, ' "types": {', ",\n".join(types), " }", "}", ""])


if __name__ == "__main__":
    sys.exit(main())
