"""Aliases resolve to the URNs that a resource may have had."""

from __future__ import annotations

import pulumi

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


def test_the_sdk_works_out_no_alias_that_the_monitor_takes_apart(program, monkeypatch):
    """It would await a dozen outputs for each: most of a run, where a resource has an alias per version of its API."""
    worked_out: set[str] = set()
    original = pulumi.runtime.resource.create_urn

    def noted(name, type_, *more):
        worked_out.add(type_)
        return original(name, type_, *more)

    monkeypatch.setattr(pulumi.runtime.resource, "create_urn", noted)
    kept = pulumi.resource.collapse_alias_to_urn
    many = [f"aws:kms/v{version}:Key" for version in range(20)]
    snapshot = program(
        f"""
        box = pulumi.ComponentResource("my:box:Box", "box", None, ResourceOptions(
            provider=provider, aliases=[pulumi.Alias(name="crate")]))
        was = [pulumi.Alias(type_=earlier) for earlier in {many}]
        aws.kms.Key("box-key", opts=ResourceOptions(parent=box, aliases=was))
        """
    ).run()
    above = PREFIX + "my:box:Box$"
    assert set(named(snapshot, "box-key").aliases) == {
        *(f"{above}{earlier}::box-key" for earlier in many),
        *(f"{above}{earlier}::crate-key" for earlier in (*many, "aws:kms/key:Key")),
    }
    assert not worked_out & {*many}
    assert pulumi.resource.collapse_alias_to_urn is kept
