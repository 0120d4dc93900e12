"""The policy pack, as Pulumi starts it: `pulumi preview --policy-pack policies`."""

from pulumi_policy import PolicyPack

from policies.pack import DESCRIPTION, NAME, policies

PolicyPack(NAME, policies(), description=DESCRIPTION, display_name="Homeshore", tags=["sovereignty", "encryption"])
