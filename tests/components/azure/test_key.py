"""The key, its vault and its rotation, by value."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from components.azure.key import rotation_policy
from components.contracts import KeySpec
from homeshore.project import find_project
from stacks.reading import read
from stacks.specs import key_spec
from tests.components.azure.conftest import Record, of_type
from tests.components.azure.program import READER, TENANT

PROJECT = find_project(Path(__file__).parent)


def test_the_vault_is_recoverable_and_knows_roles_only(record: Record) -> None:
    (vault,) = of_type(record(), "keyvault:Vault").values()
    properties = vault.inputs["properties"]
    assert properties["enablePurgeProtection"] is properties["enableSoftDelete"] is True
    assert properties["softDeleteRetentionInDays"] == 90
    assert properties["enableRbacAuthorization"] is True
    assert "accessPolicies" not in properties
    assert properties["tenantId"] == TENANT
    assert properties["networkAcls"]["bypass"] == "AzureServices"


def test_the_key_expires_on_the_day_that_config_names(record: Record) -> None:
    (key,) = of_type(record(), "keyvault:Key").values()
    properties = key.inputs["properties"]
    assert datetime.fromtimestamp(properties["attributes"]["expires"], UTC).isoformat() == "2027-11-30T00:00:00+00:00"
    assert (properties["kty"], properties["keySize"]) == ("RSA-HSM", 3072)
    assert properties["keyOps"] == ["wrapKey", "unwrapKey"]
    assert properties["attributes"]["exportable"] is False


def test_each_version_is_replaced_before_it_expires(record: Record) -> None:
    (key,) = of_type(record(key={"rotation_days": 120}), "keyvault:Key").values()
    policy = key.inputs["properties"]["rotationPolicy"]
    assert policy["attributes"]["expiryTime"] == "P150D"
    (action,) = policy["lifetimeActions"]
    assert action == {"action": {"type": "rotate"}, "trigger": {"timeBeforeExpiry": "P30D"}}


@pytest.mark.parametrize(("day", "seconds"), [("2028-11-30", 1859155200), ("2028-02-29", 1835395200)])
def test_a_day_begins_at_midnight_in_utc_and_rotation_comes_before_it(
    record: Record, day: str, seconds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever previews elsewhere gets the same number.
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        (key,) = of_type(record(key={"expires": day}), "keyvault:Key").values()
    finally:
        monkeypatch.undo()
        time.tzset()
    properties = key.inputs["properties"]
    assert properties["attributes"]["expires"] == seconds
    (action,) = properties["rotationPolicy"]["lifetimeActions"]
    assert action["trigger"] == {"timeBeforeExpiry": "P30D"}


@pytest.mark.parametrize("stack", [name for name in PROJECT.stacks() if "azure" in name and "baseline" not in name])
def test_the_keys_of_our_own_stacks_expire(stack: str) -> None:
    config = read(PROJECT.stack_file(stack)).config
    assert key_spec(config, budget_alerts=False).expires == "2028-11-30"


def test_a_key_for_which_nobody_names_a_day_ends_long_after_it_was_replaced(record: Record) -> None:
    (key,) = of_type(record(key={"expires": None, "rotation_days": 120}), "keyvault:Key").values()
    properties = key.inputs["properties"]
    assert datetime.fromtimestamp(properties["attributes"]["expires"], UTC).isoformat() == "2035-12-31T00:00:00+00:00"
    (action,) = properties["rotationPolicy"]["lifetimeActions"]
    assert action["trigger"] == {"timeAfterCreate": "P120D"}


def test_a_key_without_a_named_day_rotates_by_its_age() -> None:
    policy = rotation_policy(KeySpec(budget_alerts=False, rotation_days=90))
    assert policy.lifetime_actions is not None
    (action,) = policy.lifetime_actions  # pyright: ignore[reportGeneralTypeIssues] - an Input, and a list here
    assert action.trigger.time_after_create == "P90D"


def test_the_encrypting_identity_may_use_the_key_and_nothing_else(record: Record) -> None:
    snapshot = record()
    use = of_type(snapshot, "authorization:RoleAssignment")["pipeline-key-identity-use"]
    (vault,) = of_type(snapshot, "keyvault:Vault").values()
    assert use.inputs["scope"].endswith(f"/vaults/{vault.inputs['vaultName']}/keys/homeshore-test-g1-key")
    assert use.inputs["principalType"] == "ServicePrincipal"
    identity = of_type(snapshot, "managedidentity:UserAssignedIdentity")["pipeline-key-identity"]
    assert use.property_dependencies["principalId"] == (identity.urn,)


def test_what_is_encrypted_waits_for_the_key_and_for_the_right_to_use_it(record: Record) -> None:
    snapshot = record()
    use = of_type(snapshot, "authorization:RoleAssignment")["pipeline-key-identity-use"]
    key = of_type(snapshot, "keyvault:Key")["pipeline-key"]
    for encrypted in (
        *of_type(snapshot, "storage:StorageAccount").values(),
        *of_type(snapshot, "eventhub:Namespace").values(),
    ):
        assert {use.urn, key.urn} <= set(encrypted.dependencies), encrypted.urn


def test_a_reader_of_the_secret_reads_that_one(record: Record) -> None:
    grant = of_type(record(), "authorization:RoleAssignment")["pipeline-reader-secret"].inputs
    assert grant["principalId"] == READER
    assert grant["scope"].endswith("/secrets/pseudonym-key")


def test_what_azure_cannot_undo_is_refused(refused: Callable[..., str]) -> None:
    assert "90 days, not 91" in refused(key={"deletion_days": 91})
