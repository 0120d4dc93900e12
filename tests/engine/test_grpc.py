"""The same program in a child process, over real gRPC, registers the same: the seam is the real engine's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from homeshore.engine import run_program
from homeshore.engine.configuration import StackStrings, stack_strings
from homeshore.project import find_project
from tests.engine.child import run_in_child

pytestmark = pytest.mark.grpc

CHECKOUT = find_project(Path(__file__).parent)
SHOWCASE = """
config = pulumi.Config()

class Box(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("my:box:Box", name, {}, opts)
        self.key = aws.kms.Key(f"{name}-key", description=config.require("text"), opts=ResourceOptions(parent=self))
        self.register_outputs({"key": self.key.arn})

box = Box("box", ResourceOptions(provider=provider, protect=True, aliases=[pulumi.Alias(name="crate")]))
hidden = config.require_secret("token")
bucket = aws.s3.Bucket("b", bucket="name", tags={"s": Output.secret("pl4nted"), "t": hidden, "k": box.key.arn},
                       opts=ResourceOptions(provider=provider, retain_on_delete=True, ignore_changes=["tags"]))
aws.s3.BucketVersioning("v", bucket=bucket.id, versioning_configuration={"status": "Enabled"},
                        opts=ResourceOptions(provider=provider, depends_on=[box], delete_before_replace=True))
existing = aws.kms.Key.get("existing", "1234", opts=explicit)
identity = aws.get_caller_identity_output(opts=pulumi.InvokeOptions(provider=provider))
pulumi.export("all", {"account": identity.account_id, "bucket": bucket.bucket, "list": [hidden, existing.id]})
"""


def test_the_showcase_registers_the_same(program):
    fixture = program(SHOWCASE)
    stack_file = fixture.root / "Pulumi.dev.yaml"
    stack_file.write_text("config:\n  proj:text: hello\n  proj:token: {secure: v1:cipher}\n")
    strings = stack_strings(stack_file, "proj", fixture.defaults)
    child = run_in_child(fixture.project, "dev", strings)
    assert (child.code, child.stderr) == (0, "")
    here = fixture.run()
    assert child.resources == {resource.urn: resource for resource in here.resources}
    assert child.monitor.outputs == here.outputs
    assert len(child.resources) == 7


@pytest.mark.parametrize("stack", CHECKOUT.stacks())
def test_each_stack_of_the_checkout_registers_the_same(stack):
    strings = stack_strings(CHECKOUT.stack_file(stack), CHECKOUT.name, CHECKOUT.config)
    child = run_in_child(CHECKOUT, stack, strings)
    assert child.code == 0, child.log.errors or child.stderr
    here = run_program(CHECKOUT, stack)
    assert child.resources == {resource.urn: resource for resource in here.resources}
    assert child.monitor.outputs == here.outputs


def test_a_refusal_arrives_in_the_same_words(program):
    fixture = program('aws.kms.Key("k")\n', provider=False)
    strings = StackStrings({"pulumi:disable-default-providers": '["*"]'})
    child = run_in_child(fixture.project, "dev", strings)
    assert child.code == 1
    (told,) = child.log.errors
    urn = "urn:pulumi:dev::proj::aws:kms/key:Key::k"
    assert told == f"error: Exception: Default provider for 'aws' disabled. '{urn}' must use an explicit provider."
