"""`python -m geography.build`: check `endpoints.csv` against the published endpoints of AWS and Google, or write it.

AWS: the endpoint data of the installed botocore. Google: the discovery documents of the pinned
google-api-python-client, which `make rules` unpacks. Both are read as data: no SDK is imported.
"""

from __future__ import annotations

import argparse
import csv
import importlib.metadata
import importlib.util
import io
import json
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import geography

ROOT: Final = Path(__file__).resolve().parents[2]
TABLE: Final = ROOT / "geography" / "endpoints.csv"
PACKAGES: Final = ROOT / ".build" / "rules"
DOCUMENTS: Final = "googleapiclient/discovery_cache/documents"
CLIENT: Final = "google-api-python-client"
COLUMNS: Final = ("cloud", "service", "available", "as_of", "confidence", "source", "regions")


class Row(NamedTuple):
    """One row of the table; `regions` joins names with "+"."""

    cloud: str
    service: str
    available: str
    as_of: str
    confidence: str
    source: str
    regions: str


def main(arguments: list[str] | None = None) -> int:
    """0 where the table is as it should be, or was written; 1 where it is not, with the reasons on standard error."""
    parser = argparse.ArgumentParser(prog="python -m geography.build", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the table; needs the packages of `make rules`")
    parser.add_argument("--packages", type=Path, default=PACKAGES, help="where Google's client is unpacked")
    options = parser.parse_args(arguments)
    packages: Path = options.packages
    if options.write:
        TABLE.write_text(text([*aws(), *google(packages)]), encoding="utf-8")
        return 0
    found = faults(packages)
    sys.stderr.writelines(f"{fault}\n" for fault in found)
    if not (packages / DOCUMENTS).is_dir():
        sys.stderr.write(f"Of Google's rows only the pin was compared: {packages} has no {CLIENT}.\n")
    return 1 if found else 0


def faults(packages: Path = PACKAGES) -> list[str]:
    """What the committed table says that its sources do not say now.

    The AWS rows are compared whole but for their date, which is the day of writing. Google's are compared whole where
    their documents are unpacked in `packages`, else by the pinned version that they name.
    """
    with TABLE.open(encoding="utf-8", newline="") as file:
        committed = [Row(**row) for row in csv.DictReader(file)]
    remedy = "run `python -m geography.build --write` after `make rules`, and commit it."
    found: list[str] = []
    ours = [row._replace(as_of="") for row in committed if row.cloud == "aws"]
    if ours != [row._replace(as_of="") for row in aws()]:
        found.append(f"endpoints.csv is not what botocore {importlib.metadata.version('botocore')} says: {remedy}")
    theirs = [row for row in committed if row.cloud == "gcp"]
    if (packages / DOCUMENTS).is_dir():
        fresh = theirs == list(google(packages))
    else:
        fresh = all(f"{CLIENT} {pinned()}" in row.source for row in theirs)
    if not fresh:
        found.append(f"endpoints.csv is not what {CLIENT} {pinned()} says: {remedy}")
    return found


def aws() -> Iterator[Row]:
    """The regions in which botocore knows an endpoint of each service."""
    package = importlib.util.find_spec("botocore")
    if package is None or package.origin is None:
        raise FileNotFoundError("botocore is not installed here")
    partitions = json.loads((Path(package.origin).parent / "data" / "endpoints.json").read_bytes())["partitions"]
    by_partition: dict[str, Any] = {partition["partition"]: partition["services"] for partition in partitions}
    source = f"botocore {importlib.metadata.version('botocore')} data/endpoints.json"
    today = datetime.now(UTC).date().isoformat()
    for service in geography.services("aws"):
        regions = [
            region.name
            for region in _regions("aws")
            if region.name in by_partition.get(region.partition, {}).get(service.endpoint, {}).get("endpoints", {})
        ]
        yield Row("aws", service.name, "yes", today, "vendor", f"{source}: {service.endpoint}", "+".join(regions))


def google(packages: Path) -> Iterator[Row]:
    """The regions in which Google's API of each service has an endpoint."""
    for service in geography.services("gcp"):
        if not service.endpoint:
            continue
        api, _, resource = service.endpoint.partition(" ")
        document = json.loads((packages / DOCUMENTS / f"{api}.json").read_bytes())
        if resource and resource not in document["resources"]["projects"]["resources"]["locations"]["resources"]:
            raise LookupError(f"{api} has no {resource} any more")
        located = {endpoint["location"] for endpoint in document.get("endpoints", ())}
        revision = str(document["revision"])
        yield Row(
            "gcp",
            service.name,
            "yes",
            f"{revision[:4]}-{revision[4:6]}-{revision[6:8]}",
            "derived" if resource else "vendor",
            f"{CLIENT} {pinned()} discovery document {service.endpoint}: endpoints",
            "+".join(region.name for region in _regions("gcp") if region.name in located),
        )


def pinned() -> str:
    """The version of Google's client in pyproject.toml."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
    requirement = next(line for line in groups["validity"] if line.startswith(f"{CLIENT}=="))
    return requirement.removeprefix(f"{CLIENT}==")


def text(rows: list[Row]) -> str:
    """The table as it is committed."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return buffer.getvalue()


def _regions(cloud: str) -> list[geography.Region]:
    return [region for region in geography.regions(cloud) if region.kind == "region"]


if __name__ == "__main__":
    sys.exit(main())
