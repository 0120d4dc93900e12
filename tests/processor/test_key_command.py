"""`homeshore data key init|rotate` against moto: what it writes, what it refuses, and that no key material shows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from moto import mock_aws

from homeshore.cli import run
from homeshore.pseudonyms.aws import AwsSecret
from homeshore.pseudonyms.ring import ensure_key
from processor.keys import KeyRing
from stacks.reading import read

ROOT = Path(__file__).parents[2]
STACK = "dev"


class Account:
    """The account in which the stack is placed, with the secret that its program declares."""

    def __init__(self, name: str, region: str) -> None:
        self.name = name
        self.client = boto3.client("secretsmanager", region_name=region)

    def text(self) -> str:
        return self.client.get_secret_value(SecretId=self.name)["SecretString"]


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    placement = read(ROOT / f"Pulumi.{STACK}.yaml", project["name"]).config.placement
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        # The stack file names the placeholder account that moto plays.
        assert (
            boto3.client("sts", region_name=placement.region).get_caller_identity()["Account"] == placement.account_id
        )
        yield Account(f"homeshore/{STACK}-g1/pseudonym-key", placement.region)


def called(*arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = run(["data", "key", *arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def material(text: str) -> list[str]:
    return list(json.loads(text)["keys"].values())


def test_init_writes_a_ring_and_prints_none_of_it(account: Account, capsys: pytest.CaptureFixture[str]):
    account.client.create_secret(Name=account.name)
    code, out, err = called("init", STACK, "--json", capsys=capsys)
    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "version": 1,
        "secret": account.name,
        "standby_secret": None,
        "current": "k1",
        "versions": ["k1"],
    }
    assert KeyRing.from_secret(account.text()).versions == ("k1",)
    assert not [key for key in material(account.text()) if key in out + err]


def test_init_refuses_to_overwrite(account: Account, capsys: pytest.CaptureFixture[str]):
    account.client.create_secret(Name=account.name)
    called("init", STACK, capsys=capsys)
    before = account.text()
    code, out, err = called("init", STACK, capsys=capsys)
    assert (code, out) == (2, "")
    assert "holds a key already" in err
    assert "data key rotate" in err
    assert account.text() == before


def test_an_emulator_s_key_is_written_once_and_never_over_another(account: Account):
    account.client.create_secret(Name=account.name)
    assert ensure_key(AwsSecret(account.client, account.name))
    before = account.text()
    assert KeyRing.from_secret(before).versions == ("k1",)
    assert not ensure_key(AwsSecret(account.client, account.name))
    assert account.text() == before


def test_rotate_adds_a_version_and_keeps_the_old_key(account: Account, capsys: pytest.CaptureFixture[str]):
    account.client.create_secret(Name=account.name)
    called("init", STACK, capsys=capsys)
    first = json.loads(account.text())["keys"]["k1"]
    code, out, _ = called("rotate", STACK, capsys=capsys)
    assert code == 0
    assert "k2 makes tokens from now on; kept: k1" in out
    after: dict[str, Any] = json.loads(account.text())
    assert (after["current"], after["keys"]["k1"]) == ("k2", first)
    assert not [key for key in material(account.text()) if key in out]


def test_rotate_needs_a_key(account: Account, capsys: pytest.CaptureFixture[str]):
    account.client.create_secret(Name=account.name)
    code, _, err = called("rotate", STACK, capsys=capsys)
    assert code == 2
    assert "data key init" in err


@pytest.mark.parametrize("action", ["init", "rotate"])
def test_a_stack_that_is_not_up_is_told_so(account: Account, action: str, capsys: pytest.CaptureFixture[str]):
    code, _, err = called(action, STACK, capsys=capsys)
    assert code == 2
    assert "pulumi up" in err


def test_a_ring_that_cannot_be_read_is_left_alone(account: Account, capsys: pytest.CaptureFixture[str]):
    account.client.create_secret(Name=account.name, SecretString="planted-secret")
    code, out, err = called("rotate", STACK, capsys=capsys)
    assert code == 2
    assert "nothing was changed" in err
    assert "planted-secret" not in out + err
    assert account.text() == "planted-secret"


def test_another_account_is_refused(
    account: Account, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    account.client.create_secret(Name=account.name)
    monkeypatch.setattr("homeshore.pseudonyms.aws._account_of", lambda _: "000000000000")
    code, _, err = called("init", STACK, capsys=capsys)
    assert code == 2
    assert "credentials are of account 000000000000" in err


def test_an_unknown_stack_is_bad_input(account: Account, capsys: pytest.CaptureFixture[str]):
    code, _, err = called("init", "nowhere", capsys=capsys)
    assert code == 2
    assert "there is no stack 'nowhere'" in err
