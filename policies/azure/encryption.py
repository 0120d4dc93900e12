"""Keys of one's own, keys that can be had back, and encrypted connections on Azure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.azure.facts import ACCOUNT, HSM, JOB, NAMESPACE, SITE, SLOT, VAULT, WORKSPACE
from policies.azure.shapes import at_least, must_not_be_false
from policies.rules import Case, Said, rule
from policies.values import Reading

RECOVERABLE_DAYS: Final = 90
HARDWARE_LEVEL: Final = 3
TLS: Final = ("1.2", "1.3")


@rule("ENC-AZ-001", ACCOUNT)
def account_has_own_key(case: Case) -> Iterator[Said]:
    """The account's key is wrapped by one in a vault, by name; a second layer of encryption is only recommended."""
    source = list(case.must_be("encryption.keySource", "Microsoft.Keyvault"))
    yield from source
    if source and case.read("encryption.keySource").unknown is False:
        return
    yield from case.must_be_present("encryption.keyVaultProperties.keyName", "the name of the key")
    yield from case.must_be_present("encryption.keyVaultProperties.keyVaultUri", "the vault of the key")


@rule("ENC-AZ-002", NAMESPACE)
def namespace_has_own_key(case: Case) -> Iterator[Said]:
    """A Premium or dedicated namespace has a key of its own; the others cannot, which only the strict mode reports."""
    sku, source = case.read("sku.name"), case.read("encryption.keySource")
    able = sku.among("Premium") or case.read("clusterArmId").present
    if not able and sku.unknown:
        if _without_key(case, source):
            yield case.unsure(sku)
    elif able or case.stack.parameters.strict:
        if source.unknown:
            yield case.unsure(source)
        elif source.present and not source.among("Microsoft.KeyVault"):
            yield case.fail(source, "encryption.keySource must be Microsoft.KeyVault")
        elif _without_key(case, source):
            at = source if source.missing else case.resource.read("encryption.keyVaultProperties")
            yield case.fail(at, "the namespace has no key of its own: encryption.keyVaultProperties names none")


def _without_key(case: Case, source: Reading) -> bool:
    keys = case.resource.read("encryption.keyVaultProperties")
    return not keys.present or (source.present and not source.unknown and not source.among("Microsoft.KeyVault"))


@rule("ENC-AZ-003", WORKSPACE)
def workspace_has_own_key(case: Case) -> Iterator[Said]:
    """The workspace's key is wrapped by one in a vault."""
    yield from case.must_be_present("encryption.cmk.key.keyVaultUrl", "the workspace's own key")


@rule("ENC-AZ-004", JOB)
def job_uses_own_account(case: Case) -> Iterator[Said]:
    """What a streaming job keeps lies in an account of one's own, reached by identity and not by key."""
    policy = list(case.must_be("contentStoragePolicy", "JobStorageAccount"))
    yield from policy
    if not policy or case.read("jobStorageAccount").present:
        yield from case.must_be("jobStorageAccount.authenticationMode", "Msi")


@rule("ENC-AZ-005", VAULT, HSM)
def vault_is_recoverable(case: Case) -> Iterator[Said]:
    """A deleted key can be had back for 90 days, and nobody can shorten that."""
    yield from case.must_be_true("properties.enablePurgeProtection")
    yield from must_not_be_false(case, "properties.enableSoftDelete")
    days = f"a deleted key must be recoverable for {RECOVERABLE_DAYS} days"
    yield from at_least(case, "properties.softDeleteRetentionInDays", RECOVERABLE_DAYS, days, missing_passes=True)


@rule("ENC-AZ-006", "azure-native:keyvault:Key")
def key_ends_and_turns(case: Case) -> Iterator[Said]:
    """A key expires, and a new version is made before it does; at level 3 it is made in hardware."""
    yield from at_least(case, "properties.attributes.expires", 1, "the key never expires")
    actions = list(case.read_all("properties.rotationPolicy.lifetimeActions[].action.type"))
    if not any(one.among("rotate") for one in actions):
        unknown = next((one for one in actions if one.unknown), None)
        path = "properties.rotationPolicy.lifetimeActions"
        yield case.unsure(unknown) if unknown else case.fail(path, "the key's rotation policy rotates it never")
    if case.stack.parameters.sovereignty_level >= HARDWARE_LEVEL:
        yield from case.must_be("properties.kty", "RSA-HSM", "EC-HSM")


@rule("TLS-AZ-001", ACCOUNT)
def account_takes_tls(case: Case) -> Iterator[Said]:
    """Only encrypted requests are answered. Where nothing is said, Azure takes HTTPS only, but TLS 1.0 too."""
    yield from must_not_be_false(case, "enableHttpsTrafficOnly")
    yield from case.must_be("minimumTlsVersion", "TLS1_2", "TLS1_3")


@rule("TLS-AZ-002", NAMESPACE)
def namespace_takes_tls(case: Case) -> Iterator[Said]:
    """Senders and readers speak TLS 1.2 at least."""
    yield from case.must_be("minimumTlsVersion", *TLS)


@rule("TLS-AZ-003", SITE, SLOT)
def site_takes_tls(case: Case) -> Iterator[Said]:
    """Requests, deployments and file transfers to a site are encrypted, and nobody attaches a debugger."""
    yield from case.must_be_true("httpsOnly")
    yield from case.must_be("siteConfig.minTlsVersion", *TLS)
    yield from case.must_be("siteConfig.scmMinTlsVersion", *TLS)
    # Flex Consumption has no file transfer at all, and refuses the setting.
    if case.read("functionAppConfig").missing or case.read("siteConfig.ftpsState").present:
        yield from case.must_be("siteConfig.ftpsState", "FtpsOnly", "Disabled")
    yield from case.must_not_be_true("siteConfig.remoteDebuggingEnabled")
