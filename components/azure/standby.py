"""What ties a region and its standby together: an address for both streams, and their definitions kept alike."""

from __future__ import annotations

import pulumi
from pulumi_azure_native import eventhub

from components.azure import names
from components.azure.bucket import Bucket
from components.azure.key import Key
from components.azure.place import AzureComponent, own
from components.azure.stream import Stream
from components.base import RegionalComponent
from components.contracts import Stores, Unsupported


class Pair(AzureComponent):
    """Event Hubs' geo-disaster-recovery pairing: the standby's namespace gets the primary's hub and consumer groups.

    Producers send to the alias, which leads to the primary until somebody fails over; Azure never does so by itself,
    and a failover ends the pairing. Events are not copied, nor are role assignments, private endpoints and network
    rules: those are made on both namespaces. From then on the partner takes few changes besides the pairing's own, so
    all that is set on either is set before. Objects are not copied: a data lake takes no replication rules, and what
    `storage.redundancy: pair` copies goes to the region that Azure pairs, whichever the standby is.
    """

    def __init__(self, name: str, *, primary: Stores, standby: Stores, parent: RegionalComponent) -> None:
        super().__init__("Pair", name, parent, group=own(primary.key, Key).group)
        here, there = own(primary.stream, Stream), own(standby.stream, Stream)
        if here.tier != there.tier:
            raise Unsupported(
                f"standby: Event Hubs pairs namespaces of one tier, and the plan has {here.tier} in "
                f"{here.place.region} and {there.tier} in {there.place.region}: use a standby with the same limits"
            )
        self.physical_name = self.alias = names.namespace(self.scope.names, "failover")
        self.host = f"{self.alias}.{self.place.world.bus}"
        alias = eventhub.DisasterRecoveryConfig(
            name,
            alias=self.alias,
            namespace_name=here.namespace_name,
            resource_group_name=self.place.group,
            partner_namespace=there.namespace_id,
            # Who deletes it takes the address away that producers send to.
            opts=self.keeper(depends_on=[*here.settled, *there.settled]),
        )
        there.ready.append(alias)
        if not own(primary.lake, Bucket).copied:
            pulumi.log.warn(
                "Azure copies nothing into the standby's lake, and nothing out of the region: the standby starts with "
                "an empty lake, and what is stored waits for the region to come back (docs/dr.md).",
                self,
            )
        self.uri: pulumi.Output[str] = pulumi.Output.from_input(f"https://{self.host}")
        self.register_outputs({"uri": self.uri})
