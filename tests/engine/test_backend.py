"""With a backend, the program's resources are applied while it runs, and what that computes is fed back."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from homeshore.engine import BackendError, Registered, Resource, values
from tests.engine.conftest import named


@dataclass
class Cloud:
    """A backend in memory: gives each resource an id and an ARN."""

    dry_run: bool = False
    applied: dict[str, Resource] = field(default_factory=dict)
    threads: set[int] = field(default_factory=set)
    fail: str = ""
    meeting: threading.Barrier | None = None

    def register(self, resource: Resource) -> Registered:
        if self.meeting:
            self.meeting.wait(timeout=10)
        self.threads.add(threading.get_ident())
        if resource.name == self.fail:
            raise ConnectionError("the cloud is gone")
        self.applied[resource.name] = resource
        return Registered(f"id-{resource.name}", {**resource.inputs, "arn": f"arn:{resource.name}", "keyId": "k-1"})

    def invoke(self, token: str, args: Mapping[str, object]) -> Mapping[str, object]:
        if self.fail == token:
            raise ConnectionError("the cloud is gone")
        return {"accountId": "000000000001", "arn": token, "userId": "u", "id": "i"}


SOURCE = """
key = aws.kms.Key("k", description=Output.secret("hidden"), opts=explicit)
alias = aws.kms.Alias("a", target_key_id=key.arn, name=Output.concat("alias/", key.id), opts=explicit)
pulumi.export("alias", alias.arn)
pulumi.export("description", key.description)
pulumi.export("missing", alias.target_key_arn)
"""


def test_outputs_are_fed_back(program):
    cloud = Cloud()
    snapshot = program(SOURCE).run(backend=cloud)
    assert cloud.applied["a"].inputs == {"targetKeyId": "arn:k", "name": "alias/id-k"}
    assert snapshot.outputs["alias"] == "arn:a"
    assert "missing" not in snapshot.outputs or snapshot.outputs["missing"] is None


def test_components_and_providers_are_not_applied(program):
    cloud = Cloud()
    snapshot = program(SOURCE + "pulumi.ComponentResource('my:box:Box', 'box')\n").run(backend=cloud)
    assert set(cloud.applied) == {"k", "a"}
    provider = named(snapshot, "p")
    reference = cloud.applied["k"].provider or ""
    assert reference.startswith(provider.urn + "::")
    assert values.UNKNOWN not in reference


def test_a_backend_sees_secrets_and_a_snapshot_does_not(program):
    cloud = Cloud()
    snapshot = program(SOURCE).run(backend=cloud)
    assert cloud.applied["k"].inputs["description"] == "hidden"
    masked = {values.SIGNATURE: values.SECRET, "value": "[secret]"}
    assert named(snapshot, "k").inputs["description"] == masked
    assert snapshot.outputs["description"] == masked


def test_independent_resources_are_applied_at_the_same_time(program):
    cloud = Cloud(meeting=threading.Barrier(3))
    program("for name in 'abc':\n    aws.kms.Key(name, opts=explicit)\n").run(backend=cloud)
    assert len(cloud.applied) == 3
    assert threading.get_ident() not in cloud.threads


def test_functions_are_answered(program):
    fixture = program(
        """
        options = pulumi.InvokeOptions(provider=provider)
        pulumi.export("plain", aws.get_caller_identity(opts=options).account_id)
        pulumi.export("output", aws.get_caller_identity_output(opts=options).account_id)
        """
    )
    assert fixture.run(backend=Cloud()).outputs == {"plain": "000000000001", "output": "000000000001"}


def test_a_failure_names_the_resource_and_stops_the_run(program):
    cloud = Cloud(fail="k")
    with pytest.raises(BackendError, match=r"aws:kms/key:Key::k: ConnectionError: the cloud is gone") as caught:
        program(SOURCE).run(backend=cloud)
    assert caught.value.urn == "urn:pulumi:dev::proj::aws:kms/key:Key::k"
    assert isinstance(caught.value.__cause__, ConnectionError)
    assert cloud.applied == {}


def test_a_failure_does_not_tell_a_secret(program):
    class Chatty(Cloud):
        def register(self, resource: Resource) -> Registered:
            raise ValueError(f"refused: {resource.inputs}")

    with pytest.raises(BackendError, match=r"refused: .*\[secret\]") as caught:
        program(SOURCE).run(backend=Chatty())
    assert "hidden" not in str(caught.value)


def test_after_an_interrupt_nothing_new_is_applied(program):
    cloud = Cloud()
    fixture = program(SOURCE, "raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        fixture.run(backend=cloud)
    assert cloud.applied == {}


def test_a_failed_function_names_it(program):
    token = "aws:index/getCallerIdentity:getCallerIdentity"
    fixture = program("aws.get_caller_identity(opts=pulumi.InvokeOptions(provider=provider))")
    with pytest.raises(BackendError, match=token):
        fixture.run(backend=Cloud(fail=token))


def test_an_output_that_cannot_be_sent_is_the_backends_fault(program):
    class Odd(Cloud):
        def register(self, resource: Resource) -> Registered:
            return Registered("id", {"arn": {"deep": [object()]}})

    with pytest.raises(BackendError, match=r"arn\.deep\[0\]: a object is not a property value"):
        program(SOURCE).run(backend=Odd())


def test_a_dry_backend_is_not_asked_to_apply(program):
    cloud = Cloud(dry_run=True)
    snapshot = program(SOURCE).run(backend=cloud)
    assert cloud.applied == {}
    assert snapshot.outputs["alias"] == values.UNKNOWN


def test_existing_resources_cannot_be_read(program):
    from homeshore.engine import ProgramFailed

    with pytest.raises(ProgramFailed, match="cannot read existing ones"):
        program('aws.kms.Key.get("k", "id", opts=explicit)').run(backend=Cloud())
