"""The guard at run time, written from the same boundary that the rules judge by, and what it would stop.

`guard(home)` makes the documents of a cloud: service control policies, Azure policies, organisation policies.
`stopped(guard, stack)` is our reading of the clouds' documentation of what those documents deny: no cloud was asked,
so it is no proof.
"""

from policies.backstop.guard import Control, Document, Guard, LeftOut
from policies.backstop.home import Home
from policies.backstop.verdict import Stopped, guard, stopped

__all__ = ["Control", "Document", "Guard", "Home", "LeftOut", "Stopped", "guard", "stopped"]
