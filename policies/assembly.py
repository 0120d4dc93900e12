"""Which modules declare rules."""

from __future__ import annotations

from importlib import import_module
from typing import Final

MODULES: Final = ("aws", "azure", "gcp", "anywhere")


def load() -> None:
    """Import every module that declares rules."""
    for name in MODULES:
        import_module(f"policies.{name}")
