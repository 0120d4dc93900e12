"""What a real provider would refuse, found before a deployment: plain inputs in, problems out.

Leaf: imports nothing else of the project. Reads the installed Pulumi SDKs and the committed rule tables; needs no
plugin, no account, no network.
"""

from __future__ import annotations

from validity.catalogue import KINDS, Kind, Level
from validity.values import Plain
from validity.walk import Problem, check

__all__ = ["KINDS", "Kind", "Level", "Plain", "Problem", "check"]
