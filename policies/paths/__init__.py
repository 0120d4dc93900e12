"""Where bytes can go: for each place of a stack that holds data, every way by which its bytes could leave.

A graph. Its nodes are the resources of a stack and places outside of it; an edge says that bytes of one can reach the
other, and which input of which resource opens the way. What an input means is told by the rules' own tables
(destinations, replicas, settings, grants); what is here alone is who feeds whom, and a walk along the edges.

`chart(stack)` is the way in.
"""

from policies.paths.model import Chart, Hop, Path, Store, Verdict
from policies.paths.walk import chart

__all__ = ["Chart", "Hop", "Path", "Store", "Verdict", "chart"]
