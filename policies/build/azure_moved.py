"""`python -m policies.build.azure_moved`: write `policies/data/azure_moved.csv` from the installed SDK, or check.

The table holds the tokens that types had in older releases of the package, with the one that each has now: programs
that stay on such a release, and the state that they left, still name them. Left out are those that several types share.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import sys
from pathlib import Path
from typing import Final

TABLE: Final = Path(__file__).resolve().parents[1] / "data" / "azure_moved.csv"
TYPE: Final = re.compile(r'@pulumi\.type_token\("(azure-native:[^"]+)"\)')
ALIAS: Final = re.compile(r'type_="(azure-native:[^"]+)"')
VERSION: Final = re.compile(r"/v\d{8}(?:private)?(?:preview)?")


def main() -> int:
    """Write the table, or with `--check` say whether it is what the SDK says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    check = bool(parser.parse_args().check)
    text = "\n".join(("type,now", *(f"{old},{new}" for old, new in sorted(moved().items())), ""))
    if not check:
        TABLE.write_text(text, encoding="utf-8")
    elif TABLE.read_text(encoding="utf-8") != text:
        print(f"{TABLE} is not what the SDK says: run python -m policies.build.azure_moved", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def moved() -> dict[str, str]:
    """The type that each former token stands for now. The SDK is read as text: importing it all takes minutes."""
    spec = importlib.util.find_spec("pulumi_azure_native")
    if spec is None or spec.origin is None:
        raise SystemExit("pulumi-azure-native is not installed")
    current: set[str] = set()
    former: dict[str, set[str]] = {}
    for file in Path(spec.origin).parent.glob("*/*.py"):
        if file.name.startswith(("_", "get_", "list_")):
            continue
        text = file.read_text(encoding="utf-8")
        kind = TYPE.search(text)
        if kind is None:
            continue
        current.add(kind[1])
        for alias in ALIAS.findall(text):
            former.setdefault(VERSION.sub("", alias), set()).add(kind[1])
    return {old: new for old, (new, *others) in former.items() if old not in current and not others}


if __name__ == "__main__":
    sys.exit(main())
