"""Encryption keys and the secret store: KMS and Secrets Manager."""

from __future__ import annotations

from homeshore.local.aws import Aws
from homeshore.local.fields import Fields
from homeshore.local.kind import Found, Kind, Wanted, declared, listed_tags, read_tags, written

_NO_KEY = ("NotFoundException", "KMSInvalidStateException")
_KEY_TAGS = ("TagKey", "TagValue")


def _read_key(aws: Aws, wanted: Wanted) -> Found | None:
    for item in aws.each("kms", "list_keys", "Keys"):
        key_id = item.text("KeyId")
        answer = aws.find("kms", "list_resource_tags", *_NO_KEY, KeyId=key_id)
        tags = read_tags(answer.blocks("Tags"), *_KEY_TAGS) if answer else {}
        if wanted.identity in tags.values():
            found = _key_state(aws, key_id, tags)
            if found:
                return found
    return None


def _key_state(aws: Aws, key_id: str, tags: dict[str, str]) -> Found | None:
    key = aws.call("kms", "describe_key", KeyId=key_id).block("KeyMetadata")
    if key.text("KeyState") == "PendingDeletion":
        return None
    rotation = aws.call("kms", "get_key_rotation_status", KeyId=key_id)
    state = {
        "description": key.text_or("Description"),
        "enableKeyRotation": rotation.flag("KeyRotationEnabled"),
        "rotationPeriodInDays": rotation.get("RotationPeriodInDays"),
        "keyUsage": key.get("KeyUsage"),
        "customerMasterKeySpec": key.get("KeySpec") or key.get("CustomerMasterKeySpec"),
        "multiRegion": key.flag("MultiRegion"),
        "isEnabled": key.flag("Enabled"),
        "policy": aws.call("kms", "get_key_policy", KeyId=key_id, PolicyName="default").text("Policy"),
        "tags": declared(tags),
    }
    return Found(key_id, state, {"arn": key.text("Arn"), "keyId": key_id})


def _create_key(aws: Aws, wanted: Wanted) -> None:
    inputs = wanted.inputs
    optional = {"Policy": inputs["policy"]} if inputs.get("policy") else {}
    aws.call(
        "kms",
        "create_key",
        Description=inputs.text_or("description"),
        KeyUsage=inputs.text_or("keyUsage", "ENCRYPT_DECRYPT"),
        KeySpec=inputs.text_or("customerMasterKeySpec", "SYMMETRIC_DEFAULT"),
        MultiRegion=inputs.flag("multiRegion"),
        Tags=listed_tags(wanted.tags, *_KEY_TAGS),
        **optional,
    )


def _update_key(aws: Aws, wanted: Wanted, found: Found, drift: frozenset[str]) -> None:
    inputs = wanted.inputs
    if "description" in drift:
        aws.call("kms", "update_key_description", KeyId=found.id, Description=inputs.text_or("description"))
    if "isEnabled" in drift:
        aws.call("kms", "enable_key" if inputs.flag("isEnabled") else "disable_key", KeyId=found.id)
    if drift & {"enableKeyRotation", "rotationPeriodInDays"}:
        period = (
            {"RotationPeriodInDays": inputs.whole("rotationPeriodInDays")} if "rotationPeriodInDays" in inputs else {}
        )
        if inputs.flag("enableKeyRotation"):
            aws.call("kms", "enable_key_rotation", KeyId=found.id, **period)
        else:
            aws.call("kms", "disable_key_rotation", KeyId=found.id)
    if "policy" in drift:
        aws.call("kms", "put_key_policy", KeyId=found.id, PolicyName="default", Policy=inputs.text("policy"))
    if "tags" in drift:
        _retag_key(aws, wanted, found)


def _retag_key(aws: Aws, wanted: Wanted, found: Found) -> None:
    surplus = sorted(set(Fields(found.state).table("tags")) - set(wanted.tags))
    if surplus:
        aws.call("kms", "untag_resource", KeyId=found.id, TagKeys=surplus)
    aws.call("kms", "tag_resource", KeyId=found.id, Tags=listed_tags(wanted.tags, *_KEY_TAGS))


def _delete_key(aws: Aws, wanted: Wanted, found: Found) -> None:
    """A key cannot be deleted at once, in the emulators as in the cloud: it is left pending, disabled."""
    days = wanted.inputs.whole("deletionWindowInDays", 7)
    aws.call("kms", "schedule_key_deletion", KeyId=found.id, PendingWindowInDays=days)


def _read_alias(aws: Aws, wanted: Wanted) -> Found | None:
    name, target = wanted.inputs.text("name"), wanted.inputs.text("targetKeyId")
    for alias in aws.each("kms", "list_aliases", "Aliases"):
        if alias.text("AliasName") == name:
            key_id = alias.text_or("TargetKeyId")
            arn = aws.arn("kms", f"key/{key_id}")
            # The program may name the key by id or by ARN; the API answers with the id.
            state = {"name": name, "targetKeyId": target if target in (key_id, arn) else key_id}
            return Found(name, state, {"arn": alias.text("AliasArn"), "targetKeyArn": arn})
    return None


def _create_alias(aws: Aws, wanted: Wanted) -> None:
    inputs = wanted.inputs
    aws.call("kms", "create_alias", AliasName=inputs.text("name"), TargetKeyId=inputs.text("targetKeyId"))


def _update_alias(aws: Aws, wanted: Wanted, found: Found, drift: frozenset[str]) -> None:
    del drift
    aws.call("kms", "update_alias", AliasName=found.id, TargetKeyId=wanted.inputs.text("targetKeyId"))


def _delete_alias(aws: Aws, wanted: Wanted, found: Found) -> None:
    del wanted
    aws.call("kms", "delete_alias", AliasName=found.id)


def _read_key_policy(aws: Aws, wanted: Wanted) -> Found | None:
    key_id = wanted.inputs.text("keyId")
    answer = aws.find("kms", "get_key_policy", *_NO_KEY, KeyId=key_id, PolicyName="default")
    return Found(key_id, {"keyId": key_id, "policy": answer.text("Policy")}) if answer else None


def _write_key_policy(aws: Aws, wanted: Wanted) -> None:
    inputs = wanted.inputs
    aws.call("kms", "put_key_policy", KeyId=inputs["keyId"], PolicyName="default", Policy=inputs.text("policy"))


def _keep(aws: Aws, wanted: Wanted, found: Found) -> None:
    """A key's policy goes with its key."""
    del aws, wanted, found


def _read_secret(aws: Aws, wanted: Wanted) -> Found | None:
    name = wanted.inputs.text("name")
    answer = aws.find("secretsmanager", "describe_secret", "ResourceNotFoundException", SecretId=name)
    if answer is None or answer.get("DeletedDate"):
        return None
    state = {
        "name": answer.text("Name"),
        "description": answer.text_or("Description"),
        "kmsKeyId": answer.get("KmsKeyId"),
        "tags": declared(read_tags(answer.blocks("Tags"))),
    }
    arn = answer.text("ARN")
    return Found(arn, state, {"arn": arn})


def _create_secret(aws: Aws, wanted: Wanted) -> None:
    inputs = wanted.inputs
    name = inputs.text("name")
    # A secret that was deleted a moment ago still holds its name.
    held = aws.find("secretsmanager", "describe_secret", "ResourceNotFoundException", SecretId=name)
    if held and held.get("DeletedDate"):
        aws.call("secretsmanager", "delete_secret", SecretId=name, ForceDeleteWithoutRecovery=True)
    key = {"KmsKeyId": inputs["kmsKeyId"]} if inputs.get("kmsKeyId") else {}
    aws.call(
        "secretsmanager",
        "create_secret",
        Name=name,
        Description=inputs.text_or("description"),
        Tags=listed_tags(wanted.tags),
        **key,
    )


def _update_secret(aws: Aws, wanted: Wanted, found: Found, drift: frozenset[str]) -> None:
    inputs = wanted.inputs
    if drift & {"description", "kmsKeyId"}:
        key = {"KmsKeyId": inputs["kmsKeyId"]} if inputs.get("kmsKeyId") else {}
        aws.call("secretsmanager", "update_secret", SecretId=found.id, Description=inputs.text_or("description"), **key)
    if "tags" in drift:
        surplus = sorted(set(Fields(found.state).table("tags")) - set(wanted.tags))
        if surplus:
            aws.call("secretsmanager", "untag_resource", SecretId=found.id, TagKeys=surplus)
        aws.call("secretsmanager", "tag_resource", SecretId=found.id, Tags=listed_tags(wanted.tags))


def _delete_secret(aws: Aws, wanted: Wanted, found: Found) -> None:
    del wanted
    aws.call("secretsmanager", "delete_secret", SecretId=found.id, ForceDeleteWithoutRecovery=True)


KINDS = {
    "aws:kms/key:Key": Kind(
        _read_key,
        _create_key,
        _update_key,
        _delete_key,
        fixed=frozenset({"keyUsage", "customerMasterKeySpec", "multiRegion"}),
        engine_only=frozenset({"deletionWindowInDays", "bypassPolicyLockoutSafetyCheck"}),
    ),
    "aws:kms/alias:Alias": Kind(_read_alias, _create_alias, _update_alias, _delete_alias),
    "aws:kms/keyPolicy:KeyPolicy": written(_read_key_policy, _write_key_policy, _keep),
    "aws:secretsmanager/secret:Secret": Kind(
        _read_secret,
        _create_secret,
        _update_secret,
        _delete_secret,
        engine_only=frozenset({"recoveryWindowInDays", "forceOverwriteReplicaSecret"}),
    ),
}
