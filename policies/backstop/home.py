"""Where a guard stands: the boundary, the account that it holds, and what must go on working there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import geography


@dataclass(frozen=True)
class Home:
    """A stack's place and habits, as far as a guard depends on them.

    `scope` is what the guard is attached to, in the words of the cloud; `account` the stack's own account,
    subscription or project. `standby` says that the stack copies to a second region inside, `private` that it has no
    public endpoints. `key_projects` and `customers` (directory ids) are Google Cloud's.
    """

    cloud: str
    region: str
    boundary: geography.Boundary
    account: str
    scope: str
    standby: bool = False
    private: bool = True
    key_projects: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()

    @property
    def place(self) -> geography.Region:
        """The stack's region. Raises geography.UnknownRegion."""
        return geography.region(self.cloud, self.region)

    @property
    def inside(self) -> tuple[geography.Region, ...]:
        """The regions inside the boundary, of the same world of the vendor as the stack's, in the table's order."""
        world = geography.world(self.place)
        return tuple(
            one
            for one in geography.regions(self.cloud)
            if one.kind == "region" and self.boundary.holds(one) and geography.world(one) == world
        )

    @property
    def paired_outside(self) -> tuple[geography.Region, ...]:
        """Those of the regions inside to whose pair outside the cloud itself would copy."""
        return tuple(one for one in self.inside if geography.pair_outside(one, self.boundary))

    @property
    def slug(self) -> str:
        """The boundary's name where no "+" may stand."""
        return self.boundary.name.replace("+", "-")

    def meets(self, need: str) -> bool:
        """Whether a control with that `need` can hold here: true for none. Raises KeyError for an unknown one."""
        return not need or NEEDS[need](self)


NEEDS: Final[Mapping[str, Callable[[Home], bool]]] = {
    "no-standby": lambda home: not home.standby,
    "private": lambda home: home.private,
    "paired-outside": lambda home: bool(home.paired_outside),
    "customers": lambda home: bool(home.customers),
}
