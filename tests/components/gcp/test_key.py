"""The key, each setting by value, and one binding for each service that encrypts with it."""

from __future__ import annotations

import pytest

from components.contracts import KeySpec
from components.gcp.key import SERVICES, Key
from homeshore.engine import ProgramFailed, Snapshot
from tests.components.gcp.recording import HOME, NUMBER, PROJECT, of_type, pipeline, record, scope

SPEC = KeySpec(budget_alerts=False, rotation_days=91, deletion_days=31)
RING = f"projects/{PROJECT}/locations/{HOME}/keyRings/homeshore-test-g1-keys"
BINDING = "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember"
IDENTITY = "gcp:projects/serviceIdentity:ServiceIdentity"


def recorded(*, destroys: bool = False) -> Snapshot:
    within = scope(protect=not destroys, destroys=destroys)
    return record(lambda: Key("key", SPEC, parent=pipeline(within=within)))


def test_the_key_is_regional_rotated_and_kept() -> None:
    snapshot = recorded()
    (ring,) = of_type(snapshot, "gcp:kms/keyRing:KeyRing").values()
    (key,) = of_type(snapshot, "gcp:kms/cryptoKey:CryptoKey").values()
    assert ring.inputs == {"name": "homeshore-test-g1-keys", "location": HOME, "project": PROJECT}
    assert key.inputs == {
        "name": "data",
        "keyRing": RING,
        "purpose": "ENCRYPT_DECRYPT",
        "rotationPeriod": f"{91 * 86400}s",
        "destroyScheduledDuration": f"{31 * 86400}s",
        "versionTemplate": {"algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION", "protectionLevel": "SOFTWARE"},
        "deletionPolicy": "PREVENT",
    }
    assert ring.urn in key.property_dependencies["keyRing"]
    assert (ring.protect, ring.retain_on_delete, key.protect, key.retain_on_delete) == (True, True, True, True)


def test_only_both_keys_turned_let_it_be_deleted() -> None:
    (key,) = of_type(recorded(destroys=True), "gcp:kms/cryptoKey:CryptoKey").values()
    assert (key.inputs["deletionPolicy"], key.protect, key.retain_on_delete) == ("DELETE", False, False)


@pytest.mark.parametrize("service", SERVICES)
def test_each_services_agent_may_use_the_key_and_nothing_more(service: str) -> None:
    snapshot = recorded()
    binding = of_type(snapshot, BINDING)[f"key-{service}"]
    assert binding.inputs["cryptoKeyId"] == f"{RING}/cryptoKeys/data"
    assert binding.inputs["role"] == "roles/cloudkms.cryptoKeyEncrypterDecrypter"
    assert NUMBER in str(binding.inputs["member"])
    assert binding.protect
    identity = of_type(snapshot, IDENTITY).get(f"key-{service}-identity")
    if service == "bigquery":
        assert identity is None
    else:
        assert identity is not None
        assert identity.inputs == {"project": PROJECT, "service": f"{service}.googleapis.com"}
        assert identity.urn in binding.dependencies


def test_use_is_granted_on_the_key_itself() -> None:
    def build() -> None:
        granted = Key("key", SPEC, parent=pipeline()).grant_use("reader", "serviceAccount:a@b")
        assert len(granted) == 1

    snapshot = record(build)
    granted = of_type(snapshot, BINDING)["reader"]
    assert granted.inputs == {
        "cryptoKeyId": f"{RING}/cryptoKeys/data",
        "role": "roles/cloudkms.cryptoKeyEncrypterDecrypter",
        "member": "serviceAccount:a@b",
    }


def test_a_day_of_expiry_is_refused() -> None:
    spec = KeySpec(budget_alerts=False, expires="2030-01-01")
    with pytest.raises(ProgramFailed, match="Google Cloud's keys do not expire"):
        record(lambda: Key("key", spec, parent=pipeline()))
