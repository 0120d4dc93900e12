"""A stack as the rules see it: packages and clouds, who refers to whom, where each lies."""

from __future__ import annotations

from typing import Any

import pytest

import geography
from policies.model import CLOUDS, NAMES, Resource, Stack
from policies.values import State
from tests.policies.build import UNKNOWN, provider, res, stack, urn

BUCKET, KEY, TOPIC = "aws:s3/bucket:Bucket", "aws:kms/key:Key", "aws:sns/topic:Topic"
GROUP, ACCOUNT = "azure-native:resources:ResourceGroup", "azure-native:storage:StorageAccount"


def regions(cloud: str, *, inside: bool) -> str:
    eu = geography.boundary("eu")
    return next(one.name for one in geography.regions(cloud) if one.kind == "region" and eu.holds(one) is inside)


@pytest.mark.parametrize(
    ("kind", "package", "cloud", "is_provider"),
    [
        (BUCKET, "aws", "aws", False),
        ("aws-native:s3:Bucket", "aws-native", "aws", False),
        (ACCOUNT, "azure-native", "azure", False),
        ("azure:storage/account:Account", "azure", "azure", False),
        ("gcp:storage/bucket:Bucket", "gcp", "gcp", False),
        ("kubernetes:core/v1:Pod", "kubernetes", None, False),
        ("pulumi:providers:aws", "aws", "aws", True),
        ("pulumi:providers:azure-native", "azure-native", "azure", True),
        ("pulumi:pulumi:Stack", "pulumi", None, False),
    ],
)
def test_package_and_cloud(kind: str, package: str, cloud: str | None, is_provider: bool) -> None:
    one = res(kind)
    assert (one.package, one.cloud, one.is_provider) == (package, cloud, is_provider)
    assert set(CLOUDS.values()) == {"aws", "azure", "gcp"}


def test_resources_are_told_apart_although_they_are_alike() -> None:
    one, other = res(BUCKET, "lake"), res(BUCKET, "lake")
    assert one != other
    assert len({one, other}) == 2
    assert (one.custom, one.protect, one.parent, one.provider) == (True, False, None, None)
    assert Resource("u", BUCKET, "n", {}).property_dependencies == {}


@pytest.mark.parametrize("name", NAMES)
def test_every_input_that_may_be_a_name(name: str) -> None:
    assert res(BUCKET, "it", {name: "My-Own"}).known_as == {"my-own"}


def test_the_names_that_are_known() -> None:
    assert len(set(NAMES)) == len(NAMES)
    one = res(BUCKET, "it", {"name": "A", "bucket": "b", "topic": UNKNOWN, "keyName": "", "other": "c"})
    assert one.known_as == {"a", "b"}


def test_resources_by_type_in_the_stacks_order() -> None:
    a, b, c = res(BUCKET, "a"), res(KEY, "b"), res(BUCKET, "c")
    found = Stack("test", iter([a, b, c]))
    assert list(found.of(KEY, BUCKET)) == [b, a, c]
    assert list(found.of(TOPIC)) == []
    assert found.by_urn == {one.urn: one for one in (a, b, c)}


def test_the_provider_of_a_resource() -> None:
    one, two = provider("aws", "one"), provider("aws", "two")
    said = res(BUCKET, "it", provider=two.urn)
    withid = res(BUCKET, "it", provider=f"{two.urn}::0123")
    unsaid = res(BUCKET, "it")
    assert stack("eu", one, two, said).provider_of(said) is two
    assert stack("eu", one, two, withid).provider_of(withid) is two
    assert stack("eu", one, unsaid).provider_of(unsaid) is one
    assert stack("eu", one, two, unsaid).provider_of(unsaid) is None
    assert stack("eu", unsaid).provider_of(unsaid) is None
    assert stack("eu", provider("gcp"), unsaid).provider_of(unsaid) is None
    gone = res(BUCKET, "it", provider=urn("pulumi:providers:aws", "gone"))
    assert stack("eu", one, gone).provider_of(gone) is None


@pytest.mark.parametrize(
    "text",
    [
        "audit",
        "AUDIT",
        "arn:aws:s3:::audit",
        "arn:aws:s3:::audit/prefix/key",
        "s3://audit/prefix",
        "s3a://audit",
        "gs://audit",
        "projects/p/buckets/audit",
        "https://audit.example.com/x",
        "abfss://audit@account.dfs.example.net/x",
        "abfss://files@audit.dfs.example.net/x",
        "https://example.com/audit",
        "a/b/audit:x",
    ],
)
def test_a_text_means_the_resource_of_that_name(text: str) -> None:
    it, meant, other = res(TOPIC, "it", {"to": text}), res(BUCKET, "m", {"bucket": "Audit"}), res(BUCKET, "o")
    found = stack("eu", it, meant, other).target(it, it.read("to"))
    assert found.inside == (meant,)
    assert (found.unknown, found.outside) == (False, "")


@pytest.mark.parametrize(
    "text", ["audit2", "my-audit", "https://audit2.example.com", "arn:aws:s3:::audit-logs", "au/dit"]
)
def test_a_text_that_is_nearly_a_name_means_nobody(text: str) -> None:
    it, near = res(TOPIC, "it", {"to": text}), res(BUCKET, "m", {"bucket": "audit"})
    found = stack("eu", it, near).target(it, it.read("to"))
    assert (found.inside, found.outside, found.unknown) == ((), text, False)


def test_a_path_with_slashes_may_be_a_name_as_a_whole() -> None:
    it, meant = res(TOPIC, "it", {"to": "https://example.com/a/b"}), res(BUCKET, "m", {"name": "a/b"})
    assert stack("eu", it, meant).target(it, it.read("to")).inside == (meant,)


def linked(value: Any, *to: Resource, path: str = "to") -> Resource:
    return res(TOPIC, "it", {path: value}, links={path: tuple(one.urn for one in to)})


def test_an_unknown_means_what_it_is_linked_to() -> None:
    key, bucket = res(KEY, "k"), res(BUCKET, "b")
    it = linked(UNKNOWN, key, bucket)
    found = stack("eu", it, key, bucket)
    assert found.target(it, it.read("to")).inside == (key, bucket)
    assert found.target(it, it.read("to"), BUCKET).inside == (bucket,)
    nobody = found.target(it, it.read("to"), "aws:sqs/queue:Queue")
    assert (nobody.inside, nobody.unknown, nobody.outside) == ((), True, "")
    deeper = res(TOPIC, "it", {"to": [{"arn": UNKNOWN}]}, links={"to": (key.urn,)})
    (reading,) = deeper.read_all("to[].arn")
    assert stack("eu", deeper, key).target(deeper, reading).inside == (key,)
    assert stack("eu", deeper).target(deeper, reading).inside == ()


def test_a_known_text_stands_before_a_link() -> None:
    named, other = res(BUCKET, "b", {"bucket": "audit"}), res(BUCKET, "o", {"bucket": "other"})
    it = linked("audit", other)
    assert stack("eu", it, named, other).target(it, it.read("to")).inside == (named,)
    both = linked("audit", named)
    twin = res(BUCKET, "t", {"bucket": "audit"})
    assert stack("eu", both, twin, named).target(both, both.read("to")).inside == (named,)
    elsewhere = linked("far", other)
    assert stack("eu", elsewhere, other).target(elsewhere, elsewhere.read("to")).inside == ()
    nameless = res(BUCKET, "n")
    auto = linked("n-1a2b3c4", nameless, other)
    assert stack("eu", auto, nameless, other).target(auto, auto.read("to")).inside == (nameless,)


def test_only_resources_of_the_types_asked_for_are_meant() -> None:
    key, bucket = res(KEY, "k", {"name": "audit"}), res(BUCKET, "b", {"bucket": "audit"})
    it = res(TOPIC, "it", {"to": "audit"})
    found = stack("eu", it, key, bucket)
    assert set(found.target(it, it.read("to")).inside) == {key, bucket}
    assert found.target(it, it.read("to"), BUCKET).inside == (bucket,)


def test_nothing_means_nobody() -> None:
    it = linked(None, res(KEY, "k"))
    found = stack("eu", it, res(KEY, "k")).target(it, it.read("to"))
    assert (found.inside, found.unknown, found.outside) == ((), False, "")


def test_siblings_that_refer_to_a_resource() -> None:
    one, other = res(BUCKET, "b", {"bucket": "one"}), res(BUCKET, "c", {"bucket": "other"})
    policy = "aws:s3/bucketPolicy:BucketPolicy"
    by_name, by_link = (
        res(policy, "p", {"bucket": "one"}),
        res(policy, "q", {"bucket": UNKNOWN}, links={"bucket": (one.urn,)}),
    )
    far = res(policy, "r", {"bucket": "other"})
    found = stack("eu", one, other, by_name, by_link, far)
    assert list(found.referring(one, policy, "bucket")) == [by_name, by_link]
    assert list(found.referring(other, policy, "bucket")) == [far]
    assert list(found.referring(one, policy, "other")) == []


@pytest.mark.parametrize(
    ("kind", "inputs", "said"),
    [
        (BUCKET, {"region": "r", "location": "l"}, ("region", "r")),
        (BUCKET, {"location": "l", "zone": "z"}, None),
        ("gcp:storage/bucket:Bucket", {"location": "l", "zone": "z"}, ("location", "l")),
        ("gcp:storage/bucket:Bucket", {"zone": "z"}, ("zone", "z")),
        ("gcp:storage/bucket:Bucket", {"region": "r", "location": "l"}, ("region", "r")),
        (ACCOUNT, {"location": "l"}, ("location", "l")),
        (ACCOUNT, {"location": UNKNOWN}, ("location", None)),
        ("acme:index:It", {"location": "l"}, ("location", "l")),
        (ACCOUNT, {}, None),
        (BUCKET, {}, None),
    ],
)
def test_where_a_resource_says_that_it_lies(
    kind: str, inputs: dict[str, Any], said: tuple[str, str | None] | None
) -> None:
    it = res(kind, "it", inputs)
    found = stack("eu", it).location(it)
    if said is None:
        assert (found.path, found.state) == ("location" if kind == ACCOUNT else "region", State.MISSING)
    else:
        assert (found.path, found.value) == said
        assert found.present


def test_a_resource_lies_where_its_group_does_and_else_where_its_provider_works() -> None:
    group = res(GROUP, "g", {"resourceGroupName": "rg", "location": "here"})
    it = res(ACCOUNT, "it", {"resourceGroupName": "rg"})
    behind = provider("azure-native", location="there")
    assert stack("eu", behind, group, it).location(it).value == "here"
    assert stack("eu", behind, it).location(it).value == "there"
    assert stack("eu", group, it, res(ACCOUNT, "o", {"location": "far"})).location(it).path == "location"
    nameless = res(GROUP, "g", {"resourceGroupName": "rg"})
    assert stack("eu", behind, nameless, it).location(it).value == "there"
    assert stack("eu", behind, nameless).location(nameless).value == "there"


@pytest.mark.parametrize("key", ["region", "location", "zone"])
def test_a_provider_says_it_in_any_of_three_ways(key: str) -> None:
    it = res(BUCKET, "it")
    found = stack("eu", provider("aws", **{key: "there"}), it).location(it)
    assert (found.path, found.state, found.value) == (key, State.KNOWN, "there")
    unknown = stack("eu", provider("aws", **{key: UNKNOWN}), it).location(it)
    assert (unknown.path, unknown.state) == (key, State.UNKNOWN)


def test_the_region_of_a_resource_is_one_of_the_table() -> None:
    name = regions("aws", inside=True)
    it, odd, unknown, stranger = (
        res(BUCKET, "a", {"region": name}),
        res(BUCKET, "b", {"region": "nowhere"}),
        res(BUCKET, "c", {"region": UNKNOWN}),
        res("acme:index:It", "d", {"region": name}),
    )
    found = stack("eu", it, odd, unknown, stranger)
    assert found.region(it) == geography.region("aws", name)
    assert [found.region(one) for one in (odd, unknown, stranger)] == [None, None, None]


def test_what_the_boundary_holds() -> None:
    inside, outside = (geography.region("aws", regions("aws", inside=one)) for one in (True, False))
    assert stack("eu").holds(inside)
    assert not stack("eu").holds(outside)
    assert stack(None).holds(outside)
