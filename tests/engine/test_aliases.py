"""Aliases resolve to the URNs that a resource may have had."""

from __future__ import annotations

from tests.engine.conftest import named

PREFIX = "urn:pulumi:dev::proj::"


def test_own_aliases(program):
    snapshot = program(
        """
        aws.kms.Key("k", opts=ResourceOptions(provider=provider, aliases=[
            pulumi.Alias(name="old"), pulumi.Alias(type_="aws:kms/old:Old"), pulumi.Alias(stack="was"),
            "urn:pulumi:dev::proj::aws:kms/key:Key::literal",
        ]))
        """
    ).run()
    assert set(named(snapshot, "k").aliases) == {
        PREFIX + "aws:kms/key:Key::old",
        PREFIX + "aws:kms/old:Old::k",
        "urn:pulumi:was::proj::aws:kms/key:Key::k",
        PREFIX + "aws:kms/key:Key::literal",
    }


def test_children_inherit_what_their_parent_was(program):
    snapshot = program(
        """
        class Box(pulumi.ComponentResource):
            def __init__(self, name, type_, opts=None):
                super().__init__(type_, name, {}, opts)
        box = Box("new", "my:box:Box", ResourceOptions(provider=provider, aliases=[pulumi.Alias(name="old")]))
        aws.kms.Key("new-key", opts=ResourceOptions(parent=box))
        aws.kms.Key("key", opts=ResourceOptions(parent=box, aliases=[pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)]))
        was = [pulumi.Alias(type_="my:old:Box")]
        moved = Box("moved", "my:box:Box", ResourceOptions(provider=provider, aliases=was))
        aws.kms.Key("inside", opts=ResourceOptions(parent=moved))
        """
    ).run()
    assert named(snapshot, "new-key").aliases == (PREFIX + "my:box:Box$aws:kms/key:Key::old-key",)
    assert named(snapshot, "key").aliases == (PREFIX + "aws:kms/key:Key::key",)
    assert named(snapshot, "inside").aliases == (PREFIX + "my:old:Box$aws:kms/key:Key::inside",)
