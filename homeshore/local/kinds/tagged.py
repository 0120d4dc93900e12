"""Resources of EC2: none has a name that is unique in the account, so each carries an identity tag."""

from __future__ import annotations

from collections.abc import Callable

from homeshore.local.aws import Aws
from homeshore.local.fields import Fields
from homeshore.local.kind import IDENTITY_TAG, Found, Wanted, declared, listed_tags, read_tags


def specification(kind: str, wanted: Wanted) -> list[dict[str, object]]:
    """The tags, as an operation takes them that creates a resource of the kind."""
    return [{"ResourceType": kind, "Tags": listed_tags(wanted.tags)}]


def mine(aws: Aws, wanted: Wanted, operation: str, key: str) -> Fields | None:
    """The one item of a listing that carries this resource's identity; not every emulator looks at the filter."""
    items = aws.each("ec2", operation, key, Filters=filters(**{f"tag:{IDENTITY_TAG}": wanted.identity}))
    return next((item for item in items if identity(item) == wanted.identity), None)


def identity(item: Fields) -> str | None:
    """The value of the identity tag, or None for a resource that is not ours."""
    return read_tags(item.blocks("Tags")).get(IDENTITY_TAG)


def filters(**values: str) -> list[dict[str, object]]:
    """Filters of a listing: a name and the one value that it must have."""
    return [{"Name": name, "Values": [value]} for name, value in values.items()]


def tags_of(item: Fields) -> dict[str, str]:
    """The declared tags of an item."""
    return declared(read_tags(item.blocks("Tags")))


def retag(aws: Aws, wanted: Wanted, found: Found, drift: frozenset[str]) -> None:
    """Make the tags what is wanted, if they differ."""
    if "tags" not in drift:
        return
    surplus = sorted(set(Fields(found.state).table("tags")) - set(wanted.tags))
    if surplus:
        aws.call("ec2", "delete_tags", Resources=[found.id], Tags=[{"Key": name} for name in surplus])
    aws.call("ec2", "create_tags", Resources=[found.id], Tags=listed_tags(wanted.tags))


def deleted_by(operation: str, parameter: str, *, as_list: bool = False) -> Callable[[Aws, Wanted, Found], object]:
    """A delete function that gives the resource's id, or a list of it, to one operation."""

    def delete(aws: Aws, wanted: Wanted, found: Found) -> object:
        del wanted
        return aws.call("ec2", operation, **{parameter: [found.id] if as_list else found.id})

    return delete
