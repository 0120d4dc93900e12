"""`python -m policies.build.azure_located`: write `policies/data/azure_located.csv` from the installed SDK, or check.

The table holds the types that lie where their group does unless they say otherwise. Left out are those whose `location`
means something else: that of an identity, of a parent, of a deployment's record. The SDK is read as text: importing it
all takes minutes.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

TABLE: Final = Path(__file__).resolve().parents[1] / "data" / "azure_located.csv"
TYPE: Final = re.compile(r'@pulumi\.type_token\("(azure-native:[^"]+)"\)')
LOCATION: Final = re.compile(r":param pulumi\.Input\[[^\n]*?\] location: ([^\n]*)")
NOT_ITS_OWN: Final = re.compile(
    r"only required when|depends on the parent|resource group to which|private endpoint connection|\*same as|deployment"
    r"|management group|provider location|guest usage|template spec|address pool|where the vm|same with its parent"
    r"|managed identity|of the extension|environment type",
    re.IGNORECASE,
)
PARTS: Final = re.compile(r"Assignment|PrivateEndpointConnection|Extension$|Deployment|Association")


def main() -> int:
    """Write the table, or with `--check` say whether it is what the SDK says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    check = bool(parser.parse_args().check)
    text = "\n".join(("type", *sorted(set(located())), ""))
    if not check:
        TABLE.write_text(text, encoding="utf-8")
    elif TABLE.read_text(encoding="utf-8") != text:
        print(f"{TABLE} is not what the SDK says: run python -m policies.build.azure_located", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def located() -> Iterator[str]:
    """Every type of the SDK whose `location` is where it lies."""
    spec = importlib.util.find_spec("pulumi_azure_native")
    if spec is None or spec.origin is None:
        raise SystemExit("pulumi-azure-native is not installed")
    for file in Path(spec.origin).parent.glob("*/*.py"):
        if file.name.startswith(("_", "get_", "list_")):
            continue
        text = file.read_text(encoding="utf-8")
        kind, said = TYPE.search(text), LOCATION.search(text)
        if kind and said and not NOT_ITS_OWN.search(said[1]) and not PARTS.search(kind[1].rpartition(":")[2]):
            yield kind[1]


if __name__ == "__main__":
    sys.exit(main())
