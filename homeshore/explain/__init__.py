"""The rules of the policy pack in words, for `homeshore policy explain` and the reference page."""

from __future__ import annotations

from homeshore.explain.examples import Example, Shown, changed, examples
from homeshore.explain.model import Explained, explained, explained_all

__all__ = ["Example", "Explained", "Shown", "changed", "examples", "explained", "explained_all"]
