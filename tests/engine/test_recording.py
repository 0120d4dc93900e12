"""What a run records is what the real engine would have: URNs, wire names, dependencies, options, inheritance."""

from __future__ import annotations

import pickle

import pytest
from pulumi.runtime import rpc

from homeshore.engine import values
from tests.engine.conftest import named

STACK = "urn:pulumi:dev::proj::pulumi:pulumi:Stack::proj-dev"
PROVIDER = "urn:pulumi:dev::proj::pulumi:providers:aws::p"
COMPONENTS = """
class Box(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("my:box:Box", name, {}, opts)

outer = Box("outer", ResourceOptions(provider=provider, protect=True, retain_on_delete=True))
inner = Box("inner", ResourceOptions(parent=outer))
aws.kms.Key("deep", opts=ResourceOptions(parent=inner))
aws.kms.Key("free", opts=ResourceOptions(parent=inner, protect=False, retain_on_delete=False))
"""


def test_constants_are_those_of_the_sdk():
    assert rpc.UNKNOWN == values.UNKNOWN
    assert rpc._special_sig_key == values.SIGNATURE
    assert rpc._special_secret_sig == values.SECRET


def test_urns_carry_the_types_of_all_ancestors_but_the_stack(program):
    snapshot = program(COMPONENTS).run()
    assert named(snapshot, "outer").urn == "urn:pulumi:dev::proj::my:box:Box::outer"
    assert named(snapshot, "inner").urn == "urn:pulumi:dev::proj::my:box:Box$my:box:Box::inner"
    assert named(snapshot, "deep").urn == "urn:pulumi:dev::proj::my:box:Box$my:box:Box$aws:kms/key:Key::deep"
    assert named(snapshot, "outer").parent == STACK
    assert named(snapshot, "deep").parent == named(snapshot, "inner").urn
    assert named(snapshot, "proj-dev").parent is None


def test_children_inherit_provider_protection_and_retention(program):
    snapshot = program(COMPONENTS).run()
    assert named(snapshot, "deep").provider == f"{PROVIDER}::{values.UNKNOWN}"
    assert (named(snapshot, "deep").protect, named(snapshot, "deep").retain_on_delete) == (True, True)
    assert (named(snapshot, "free").protect, named(snapshot, "free").retain_on_delete) == (False, False)
    assert named(snapshot, "outer").provider is None
    assert named(snapshot, "p").provider is None


def test_inputs_have_wire_names_and_whole_numbers_are_integers(program):
    snapshot = program(
        """
        aws.kinesis.Stream("s", shard_count=3, retention_period=24, stream_mode_details={"stream_mode": "PROVISIONED"},
                           tags={"snake_case": "stays"}, opts=explicit)
        aws.cloudwatch.MetricAlarm("m", comparison_operator="GreaterThanThreshold", evaluation_periods=1,
                                   threshold=0.5, opts=explicit)
        """
    ).run()
    inputs = named(snapshot, "s").inputs
    assert inputs == {
        "shardCount": 3,
        "retentionPeriod": 24,
        "streamModeDetails": {"streamMode": "PROVISIONED"},
        "tags": {"snake_case": "stays"},
    }
    assert isinstance(inputs["shardCount"], int)
    assert named(snapshot, "m").inputs["threshold"] == 0.5


def test_the_provider_records_the_version_of_its_plugin(program):
    from importlib.metadata import version

    assert named(program("").run(), "p").inputs["version"] == version("pulumi-aws")


def test_dependencies_by_property_and_by_option(program):
    snapshot = program(
        """
        key = aws.kms.Key("k", opts=explicit)
        other = aws.kms.Key("o", opts=explicit)
        class Box(pulumi.ComponentResource):
            def __init__(self, name):
                super().__init__("my:box:Box", name, {})
                aws.kms.Key("in-box", opts=ResourceOptions(parent=self, provider=provider))
        box = Box("box")
        aws.kinesis.Stream("s", kms_key_id=Output.concat("x/", key.arn), tags={"a": key.key_id, "b": "c"},
                           opts=ResourceOptions(provider=provider, depends_on=[other, box]))
        """
    ).run()
    stream = named(snapshot, "s")
    key, other, boxed = (named(snapshot, name).urn for name in ("k", "o", "in-box"))
    assert stream.property_dependencies == {"kmsKeyId": (key,), "tags": (key,)}
    # A component stands for the resources in it, in the state file too.
    assert set(stream.dependencies) == {key, other, boxed}
    assert stream.dependencies == tuple(sorted(stream.dependencies))


def test_options_are_kept(program):
    snapshot = program(
        """
        first = aws.kms.Key("first", opts=explicit)
        aws.kms.Key("k", opts=ResourceOptions(
            provider=provider, delete_before_replace=True, ignore_changes=["key_usage", "tags"],
            replace_on_changes=["description"], custom_timeouts=pulumi.CustomTimeouts(create="5m", delete="10m"),
            additional_secret_outputs=["key_id"], deleted_with=first, import_="0123", retain_on_delete=True,
        ))
        aws.kms.Key("left-to-provider", opts=explicit)
        """
    ).run()
    key = named(snapshot, "k")
    assert key.delete_before_replace is True
    assert named(snapshot, "left-to-provider").delete_before_replace is None
    assert key.ignore_changes == ("keyUsage", "tags")
    assert key.replace_on_changes == ("description",)
    assert key.custom_timeouts == {"create": "5m", "delete": "10m"}
    assert key.additional_secret_outputs == ("keyId",)
    assert key.deleted_with == named(snapshot, "first").urn
    assert key.import_id == "0123"
    assert key.retain_on_delete is True


def test_computed_outputs_are_unknown_and_given_ones_known(program):
    snapshot = program(
        """
        bucket = aws.s3.Bucket("b", bucket="known-name", opts=explicit)
        pulumi.export("given", bucket.bucket)
        pulumi.export("computed", bucket.arn)
        pulumi.export("id", bucket.id)
        pulumi.export("inside", {"list": [bucket.arn, 1], "text": Output.concat("s3://", bucket.bucket)})
        aws.s3.BucketVersioning("v", bucket=bucket.id, versioning_configuration={"status": "Enabled"}, opts=explicit)
        """
    ).run()
    assert snapshot.outputs["given"] == "known-name"
    assert snapshot.outputs["computed"] == values.UNKNOWN
    assert snapshot.outputs["id"] == values.UNKNOWN
    assert snapshot.outputs["inside"] == {"list": [values.UNKNOWN, 1], "text": "s3://known-name"}
    assert named(snapshot, "v").inputs["bucket"] == values.UNKNOWN


def test_an_apply_on_an_unknown_does_not_run(program):
    snapshot = program(
        """
        key = aws.kms.Key("k", opts=explicit)
        pulumi.export("x", key.arn.apply(lambda arn: 1 / 0))
        """
    ).run()
    assert snapshot.outputs == {"x": values.UNKNOWN}


def test_an_existing_resource_is_recorded_as_read(program):
    snapshot = program(
        """
        bucket = aws.s3.Bucket.get("mine", "the-id", opts=explicit)
        pulumi.export("id", bucket.id)
        pulumi.export("arn", bucket.arn)
        """
    ).run()
    mine = named(snapshot, "mine")
    assert (mine.external, mine.managed, mine.import_id) == (True, False, "the-id")
    assert snapshot.outputs == {"id": "the-id", "arn": values.UNKNOWN}


def test_a_stack_reference_needs_no_provider(program):
    snapshot = program('pulumi.export("x", pulumi.StackReference("org/proj/other").get_output("y"))').run()
    assert named(snapshot, "org/proj/other").external
    assert snapshot.outputs == {"x": values.UNKNOWN}


def test_a_function_of_the_cloud_is_unknown_without_one(program):
    snapshot = program(
        """
        identity = aws.get_caller_identity_output(opts=pulumi.InvokeOptions(provider=provider))
        pulumi.export("account", identity.account_id)
        """
    ).run()
    assert snapshot.outputs == {"account": values.UNKNOWN}


def test_assets_keep_their_signature(program):
    snapshot = program(
        """
        code = pulumi.FileArchive("./code.zip")
        aws.lambda_.Function("f", role="r", code=code, handler="h", runtime="r", opts=explicit)
        """
    ).run()
    code = named(snapshot, "f").inputs["code"]
    assert code == {values.SIGNATURE: "0def7320c3a5731c473e5ecbe6d01bc7", "path": "./code.zip"}


def test_an_asynchronous_program(program):
    snapshot = program(
        """
        async def main():
            key = aws.kms.Key("k", opts=explicit)
            return {"urn": await key.urn.future()}
        pulumi.run(main)
        """
    ).run()
    assert snapshot.outputs["urn"] == named(snapshot, "k").urn


def test_transformations_of_the_sdk_run(program):
    snapshot = program(
        """
        def tag(args):
            return pulumi.ResourceTransformationResult({**args.props, "tags": {"by": "transformation"}}, args.opts)
        pulumi.runtime.register_stack_transformation(tag)
        aws.kms.Key("k", opts=explicit)
        """
    ).run()
    assert named(snapshot, "k").inputs["tags"] == {"by": "transformation"}


def test_two_runs_are_equal_and_can_be_pickled(program):
    fixture = program(COMPONENTS)
    first, second = fixture.run(), fixture.run()
    assert first == second
    assert pickle.loads(pickle.dumps(first)) == first


def test_order_of_registration_is_fit_for_applying(program):
    snapshot = program(
        COMPONENTS + "a = aws.kms.Key('a', opts=explicit)\naws.kms.Alias('b', target_key_id=a.arn, opts=explicit)"
    ).run()
    seen: set[str] = set()
    for resource in snapshot.resources:
        needed = {resource.parent, *resource.dependencies, (resource.provider or "").rpartition("::")[0]} - {None, ""}
        assert needed <= seen
        seen.add(resource.urn)


def test_sys_exit_zero_is_a_success(program):
    snapshot = program("import sys\npulumi.export('a', 1)\nsys.exit(0)\n").run()
    assert snapshot.outputs == {"a": 1}


@pytest.mark.parametrize("expected", ["__main__", "argv", "cwd", "path"])
def test_the_program_sees_the_environment_of_a_script(program, expected):
    fixture = program(
        """
        import os, sys
        pulumi.export("__main__", __name__)
        pulumi.export("argv", sys.argv[0])
        pulumi.export("cwd", os.getcwd())
        pulumi.export("path", sys.path[0])
        """
    )
    root = str(fixture.root)
    told = {"__main__": "__main__", "argv": f"{root}/__main__.py", "cwd": root, "path": root}
    assert fixture.run().outputs[expected] == told[expected]
