"""A secret's value is nowhere: not in a snapshot, its JSON or text, a log, an error or standard error."""

from __future__ import annotations

import json
import pickle

import pytest

from homeshore.engine import ProgramFailed, values
from homeshore.engine.text import render
from tests.engine.conftest import named

PLANTED = 'pl4nted "tricky"\nsecret'
MASKED = {values.SIGNATURE: values.SECRET, "value": "[secret]"}
SOURCE = f"""
planted = Output.secret({PLANTED!r})
"""


def spelled(text: str) -> bool:
    """Whether the planted secret, or its recognisable part, stands in the text."""
    return "pl4nted" in text


def everything(fixture, snapshot) -> str:
    document = json.dumps(snapshot.to_json())
    return "\n".join(
        [document, render(snapshot), repr(snapshot), repr(pickle.dumps(snapshot)), fixture.diagnostics.getvalue()]
    )


def test_secrets_are_masked_where_they_stand(program):
    fixture = program(
        SOURCE,
        """
        twice = planted.apply(lambda text: text * 2)
        aws.kms.Key("k", description=planted, tags={"plain": "seen", "hidden": twice}, opts=explicit)
        pulumi.export("direct", planted)
        pulumi.export("nested", {"list": [planted, "seen"]})
        """,
    )
    snapshot = fixture.run()
    assert named(snapshot, "k").inputs == {"description": MASKED, "tags": {"plain": "seen", "hidden": MASKED}}
    assert snapshot.outputs == {"direct": MASKED, "nested": {"list": [MASKED, "seen"]}}
    assert not spelled(everything(fixture, snapshot))


def test_an_unknown_secret_is_masked_too(program):
    snapshot = program(
        """
        key = aws.kms.Key("k", opts=ResourceOptions(provider=provider, additional_secret_outputs=["arn"]))
        pulumi.export("arn", key.arn)
        """
    ).run()
    assert snapshot.outputs == {"arn": MASKED}


def test_outputs_that_a_provider_declares_secret(program):
    snapshot = program(
        """
        pulumi.export("x", aws.rds.Instance("db", instance_class="c", password="pl4nted", opts=explicit).password)
        """
    ).run()
    assert snapshot.outputs == {"x": MASKED}
    assert named(snapshot, "db").inputs["password"] == MASKED


def test_messages_are_redacted(program):
    fixture = program(
        SOURCE,
        """
        def tell(text):
            pulumi.log.info("raw " + text)
            print("printed", repr(text))
            return text
        aws.kms.Key("k", description=planted.apply(tell), opts=explicit)
        """,
    )
    fixture.run()
    told = fixture.diagnostics.getvalue()
    assert "raw [secret]" in told
    assert "printed '[secret]'" in told
    assert not spelled(told)


def test_an_error_is_redacted(program):
    fixture = program(
        SOURCE,
        """
        def fail(text):
            raise ValueError("cannot use " + text)
        aws.kms.Key("first", description=planted, opts=explicit)
        aws.kms.Key("k", description=planted.apply(fail), opts=explicit)
        """,
    )
    with pytest.raises(ProgramFailed) as caught:
        fixture.run()
    assert "ValueError: cannot use [secret]" in str(caught.value)
    assert not spelled(str(caught.value))


def test_an_encrypted_configuration_value_is_a_placeholder(program):
    fixture = program(
        """
        import json
        config = pulumi.Config()
        nested = config.require_secret_object("nested").apply(json.dumps)
        aws.kms.Key("k", description=config.require_secret("token"), tags={"t": nested}, opts=explicit)
        pulumi.export("again", config.get_secret("token"))
        """
    )
    (fixture.root / "Pulumi.dev.yaml").write_text(
        "config:\n  proj:token: {secure: AAABciphertext}\n  proj:nested: {a: {secure: AAABciphertext}, b: 1}\n"
    )
    snapshot = fixture.run()
    assert named(snapshot, "k").inputs == {"description": MASKED, "tags": {"t": MASKED}}
    assert snapshot.outputs == {"again": MASKED}
    assert "ciphertext" not in everything(fixture, snapshot)
