"""Runs in the other revision's process: its own command line, from its own files only.

It is handed to the interpreter as text (`python -c`), so nothing of this package is imported there. Arguments: the
directory of the other revision's project, this checkout's, the file for what it prints, and the command line's own.
"""

import importlib
import os
import sys
from pathlib import Path

PARTS = ("homeshore", "stacks", "components")


def main(theirs: str, ours: str, output: str, arguments: list[str]) -> None:
    """Run `homeshore` with the arguments. Leaves with a message where a module would come from elsewhere."""
    os.chdir(theirs)
    printed = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(printed, 1)
    # The project is installed editable: what the other revision lacks would be found in this checkout.
    sys.meta_path[:] = [finder for finder in sys.meta_path if not _leads_away(finder)]
    sys.path[:] = [theirs, *(entry for entry in sys.path if entry not in ("", theirs, ours))]
    for part in PARTS:
        module = importlib.import_module(part)
        places = [module.__file__] if module.__file__ else list(module.__path__)
        if not all(Path(str(place)).resolve().is_relative_to(theirs) for place in places):
            sys.exit(f"{part} would come from {places[0]}, not from the revision that was asked for")
    sys.argv = ["homeshore", *arguments]
    importlib.import_module("homeshore.cli").main()


def _leads_away(finder: object) -> bool:
    """Whether it is the finder of an editable installation of this project, wherever that lies."""
    module = sys.modules.get(getattr(finder, "__module__", ""))
    mapping: dict[str, str] = getattr(module, "MAPPING", {})
    return "homeshore" in mapping


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
