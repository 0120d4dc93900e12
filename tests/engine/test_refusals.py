"""What the real engine refuses is refused here, in its words and with the user's own line."""

from __future__ import annotations

import pytest

from homeshore.engine import ProgramFailed

KEY = "urn:pulumi:dev::proj::aws:kms/key:Key::k"


def failure(fixture, **arguments) -> str:
    with pytest.raises(ProgramFailed) as caught:
        fixture.run(**arguments)
    return str(caught.value)


def test_a_duplicate_urn(program):
    told = failure(program('aws.kms.Key("k", opts=explicit)\naws.kms.Key("k", opts=explicit)\n'))
    assert f"__main__.py:7: Duplicate resource URN '{KEY}'; try giving it a unique name" in told


def test_the_same_name_below_another_parent_is_another_urn(program):
    snapshot = program(
        """
        class Box(pulumi.ComponentResource):
            def __init__(self, name):
                super().__init__("my:box:Box", name, {})
        aws.kms.Key("k", opts=explicit)
        aws.kms.Key("k", opts=ResourceOptions(provider=provider, parent=Box("k")))
        """
    ).run()
    assert len([resource for resource in snapshot.resources if resource.name == "k"]) == 3


def test_a_default_provider(program):
    told = failure(program('def build():\n    aws.kms.Key("k")\nbuild()\n', provider=False))
    assert f"__main__.py:5: Default provider for 'aws' disabled. '{KEY}' must use an explicit provider." in told
    assert "called from __main__.py:6" in told


@pytest.mark.parametrize("call", ["aws.get_caller_identity()", "pulumi.export('x', aws.get_caller_identity_output())"])
def test_a_default_provider_for_a_function(program, call):
    token = "aws:index/getCallerIdentity:getCallerIdentity"
    told = failure(program(call, provider=False))
    assert f"Default provider for 'aws' disabled. '{token}' must use an explicit provider." in told


def test_a_default_provider_for_reading(program):
    told = failure(program('aws.kms.Key.get("k", "id")', provider=False))
    assert f"Default provider for 'aws' disabled. '{KEY}' must use an explicit provider." in told


def test_only_the_listed_packages_are_refused(program):
    fixture = program('aws.kms.Key("k")', provider=False)
    fixture.defaults = {"pulumi:disable-default-providers": ["gcp"], "aws:region": "somewhere-1"}
    snapshot = fixture.run()
    (default,) = [resource for resource in snapshot.resources if resource.is_provider]
    assert default.urn.startswith("urn:pulumi:dev::proj::pulumi:providers:aws::default_")
    assert default.inputs["region"] == "somewhere-1"
    (key,) = [resource for resource in snapshot.resources if resource.managed]
    assert (key.provider or "").startswith(default.urn + "::")


@pytest.mark.parametrize(
    ("listed", "told"),
    [("{", "Failed to parse {"), ("[1]", "pulumi:disable-default-providers[0] must be a string")],
)
def test_a_list_that_is_none(program, listed, told):
    fixture = program('aws.kms.Key("k")', provider=False)
    assert told in failure(fixture, config={"pulumi:disable-default-providers": listed})


def test_an_empty_list_refuses_nothing(program):
    fixture = program('aws.kms.Key("k")', provider=False)
    assert fixture.run(config={"pulumi:disable-default-providers": ""}).resources


def test_a_provider_of_another_package(program):
    fixture = program('aws.kms.Key("k", opts=ResourceOptions(provider=pulumi.ProviderResource("gcp", "x", {})))')
    assert "Default provider for 'aws' disabled." in failure(fixture)


def test_a_component_of_a_plugin(program):
    told = failure(
        program(
            """
            class Remote(pulumi.ComponentResource):
                def __init__(self, name):
                    super().__init__("pkg:index:Remote", name, {}, None, True)
            Remote("r")
            """
        )
    )
    assert "pkg:index:Remote is a component of a plugin, and this engine runs no plugins" in told


def test_a_plain_function_call_names_the_way_out(program):
    told = failure(program("print(aws.get_caller_identity(opts=pulumi.InvokeOptions(provider=provider)).account_id)"))
    assert "__main__.py:6" in told
    assert "note: aws:index/getCallerIdentity:getCallerIdentity asks the cloud" in told
