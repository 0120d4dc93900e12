"""Region names are data: no Python file of the project may write one, tests included."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import geography

ROOT = Path(__file__).resolve().parents[2]


def test_no_python_file_names_a_region() -> None:
    listed = subprocess.run(["git", "ls-files", "*.py"], capture_output=True, text=True, check=True, cwd=ROOT)
    files = listed.stdout.split()
    assert len(files) > 20
    names = sorted((re.escape(r.name) for r in geography.regions() if r.kind == "region"), key=len, reverse=True)
    # Zones and endpoint names carry the region's name inside a longer word.
    pattern = re.compile(rf"(?<![A-Za-z0-9])({'|'.join(names)})(?![0-9])", re.IGNORECASE)
    found = [
        f"{name}:{number}: {match[0]}"
        for name in files
        if (ROOT / name).is_file()
        for number, line in enumerate((ROOT / name).read_text(encoding="utf-8").splitlines(), start=1)
        for match in pattern.finditer(line)
    ]
    assert not found, "region names belong in geography/, stack files and test data:\n" + "\n".join(found)
