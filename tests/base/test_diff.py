"""Two snapshots of a stack → what becomes of each resource, place by place."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from homeshore.base.diff import compare, compare_all
from homeshore.base.model import ABSENT, Change, StackDiff, Whereabouts
from homeshore.base.replacing import Effect
from homeshore.engine.model import Resource
from homeshore.engine.values import MASK, UNKNOWN, Plain, secret
from tests.base.snapshots import BUCKET, FUNCTION, PROVIDER, STREAM, names, resource, stack, urn

UPDATE, REPLACE, MAYBE = Effect.UPDATE, Effect.REPLACE, Effect.UNKNOWN


def outcome(before: Resource | list[Resource], after: Resource | list[Resource]) -> StackDiff:
    old, new = (side if isinstance(side, list) else [side] for side in (before, after))
    return compare("dev", stack(*old), stack(*new))


def rows(diff: StackDiff) -> list[tuple[str, object, object, Effect]]:
    return [(row.path, row.before, row.after, row.ruling.effect) for one in diff.differences for row in one.changes]


def of_inputs(before: dict[str, Plain], after: dict[str, Plain]) -> StackDiff:
    return outcome(resource("s", inputs=before), resource("s", inputs=after))


def test_the_same_resource_is_unchanged_whatever_the_order_of_its_keys() -> None:
    old = resource("s", inputs={"a": 1, "b": {"x": 1, "y": [1, {"p": 1, "q": 2}]}})
    new = resource("s", inputs={"b": {"y": [1, {"q": 2, "p": 1}], "x": 1}, "a": 1})
    diff = outcome(old, new)
    assert diff.empty
    assert diff.unchanged == 1


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"shardCount": 1}, {"shardCount": 2}, [("shardCount", 1, 2, UPDATE)]),
        ({}, {"shardCount": 2}, [("shardCount", ABSENT, 2, UPDATE)]),
        ({"shardCount": 2}, {}, [("shardCount", 2, ABSENT, UPDATE)]),
        ({"shardCount": None}, {}, [("shardCount", None, ABSENT, UPDATE)]),
        ({"name": "a"}, {"name": "b"}, [("name", "a", "b", REPLACE)]),
        ({"shiny": "a"}, {"shiny": "b"}, [("shiny", "a", "b", MAYBE)]),
        ({"shiny": True}, {"shiny": 1}, [("shiny", True, 1, MAYBE)]),
        ({"tags": {"a": "1", "b.c": "2"}}, {"tags": {"a": "1", "b.c": "3"}}, [('tags["b.c"]', "2", "3", UPDATE)]),
        ({"tags": [{"x": 1}, {"y": 2}]}, {"tags": [{"x": 1}, {"y": 3}]}, [("tags[1].y", 2, 3, UPDATE)]),
        ({"tags": ["b", "c"]}, {"tags": ["a", "b", "c"]}, [("tags[0]", ABSENT, "a", UPDATE)]),
        ({"tags": ["a", "b", "c"]}, {"tags": ["a", "c"]}, [("tags[1]", "b", ABSENT, UPDATE)]),
        ({"tags": ["a"]}, {"tags": {"a": 1}}, [("tags", ["a"], {"a": 1}, UPDATE)]),
    ],
)
def test_each_place_that_differs(before: dict[str, Plain], after: dict[str, Plain], expected: list[object]) -> None:
    assert rows(of_inputs(before, after)) == expected


def test_json_inside_a_text_is_taken_apart() -> None:
    def policy(action: str) -> str:
        return json.dumps({"Statement": [{"Effect": "Allow", "Action": [action, "kms:List"]}]})

    diff = of_inputs({"shiny": policy("kms:A")}, {"shiny": policy("kms:B")})
    assert rows(diff) == [("shiny.Statement[0].Action[0]", "kms:A", "kms:B", MAYBE)]


@pytest.mark.parametrize(("before", "after"), [('{"a": 1}', '{"a":1}'), ("{a", '{"a": 1}'), ("[1", "[2")])
def test_json_that_is_spelt_differently_or_none_is_a_text(before: str, after: str) -> None:
    assert rows(of_inputs({"tags": before}, {"tags": after})) == [("tags", before, after, UPDATE)]


def test_unknown_on_both_sides_is_counted_and_no_change() -> None:
    diff = of_inputs({"tags": {"a": UNKNOWN, "b": [UNKNOWN]}}, {"tags": {"b": [UNKNOWN], "a": UNKNOWN}})
    assert diff.empty
    assert (diff.unknown, diff.secret) == (2, 0)


def test_unknown_on_one_side_is_shown_and_may_be_the_same_value() -> None:
    diff = of_inputs({"name": "a", "shardCount": UNKNOWN}, {"name": UNKNOWN, "shardCount": 3})
    assert rows(diff) == [("name", "a", UNKNOWN, MAYBE), ("shardCount", UNKNOWN, 3, UPDATE)]
    assert not diff.replaced
    assert diff.differences[0].may_be_replaced


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (secret("hunter2"), secret("hunter3")),
        (secret(MASK), secret({"a": "hunter2"})),
        (secret("hunter2"), MASK),  # Pulumi's own preview writes the bare mask
    ],
)
def test_two_secrets_are_counted_and_no_change(before: Plain, after: Plain) -> None:
    diff = of_inputs({"tags": {"a": before}}, {"tags": {"a": after}})
    assert diff.empty
    assert diff.secret == 1


@pytest.mark.parametrize(
    ("before", "after"), [(secret("hunter2"), "hunter2"), ("hunter2", secret("hunter2")), ({"a": secret("hunter2")}, 1)]
)
def test_a_value_that_is_secret_on_one_side_is_told_on_neither(before: Plain, after: Plain) -> None:
    diff = of_inputs({"tags": before}, {"tags": after})
    assert len(rows(diff)) == 1
    assert "hunter2" not in json.dumps(diff.to_json())


def test_added_deleted_and_components_that_no_cloud_holds() -> None:
    part = resource("part", custom=False)
    read = resource("read", external=True)
    diff = outcome([resource("old"), part, read], [resource("new", shardCount=1)])
    assert (names(diff.added), names(diff.deleted), diff.unchanged) == (["new"], ["old"], 0)


def test_a_managed_resource_that_is_only_read_from_now_on_is_deleted() -> None:
    assert names(outcome(resource("s"), resource("s", external=True)).deleted) == ["s"]


def test_an_alias_joins_the_two_names() -> None:
    old = [resource("a", shardCount=1), resource("b", shardCount=1)]
    new = [resource("b", shardCount=1), resource("c", shardCount=2, aliases=(urn("b"), urn("a")))]
    diff = outcome(old, new)
    assert not diff.added
    assert not diff.deleted
    assert rows(diff) == [("options.urn", urn("a"), urn("c"), UPDATE), ("shardCount", 1, 2, UPDATE)]
    assert diff.differences[0].was == urn("a")


def test_without_an_alias_the_look_alike_is_told() -> None:
    old = resource("events", shardCount=1, tags={"n": "events-x"})
    new = resource("clicks", shardCount=1, tags={"n": "clicks-x"})
    assert outcome(old, new).lookalikes == {urn("clicks"): urn("events")}
    assert outcome(old, replace(new, inputs={"tags": 1})).lookalikes == {}
    assert outcome(old, replace(new, type=FUNCTION)).lookalikes == {}


def test_options_that_pulumi_keeps() -> None:
    diff = outcome(resource("s", protect=True), resource("s", retain_on_delete=True))
    assert rows(diff) == [("options.protect", True, False, UPDATE), ("options.retainOnDelete", False, True, UPDATE)]


def test_ignored_changes_are_none_and_replace_on_changes_replaces() -> None:
    old = resource("s", shardCount=1, tags={"a": 1, "b": 1})
    new = resource("s", shardCount=2, tags={"a": 2, "b": 2}, ignore_changes=("tags.a",), replace_on_changes=("tags",))
    assert rows(outcome(old, new)) == [("shardCount", 1, 2, UPDATE), ("tags.b", 1, 2, REPLACE)]
    assert outcome(old, replace(new, ignore_changes=("*",))).empty


def test_another_provider_makes_the_resource_anew_but_another_default_one_does_not() -> None:
    def under(name: str) -> Resource:
        return resource("s", provider=f"{urn(name, PROVIDER)}::{UNKNOWN}")

    assert [row[0] for row in rows(outcome(under("a"), under("b")))] == ["options.provider"]
    assert outcome(under("a"), under("b")).replaced
    assert outcome(under("default_7_1_0"), under("default_7_2_0")).empty


def test_a_renamed_provider_is_the_same() -> None:
    old, new = resource("a", PROVIDER), resource("b", PROVIDER, aliases=(urn("a", PROVIDER),))
    diff = outcome(
        [old, resource("s", provider=f"{old.urn}::1")], [new, resource("s", provider=f"{new.urn}::{UNKNOWN}")]
    )
    assert [one.after.name for one in diff.differences] == ["b"]


def test_a_provider_of_another_region_takes_all_its_resources_along() -> None:
    def side(region: str) -> list[Resource]:
        provider = resource("primary", PROVIDER, inputs={"region": region})
        return [provider, resource("s", provider=f"{provider.urn}::{UNKNOWN}"), resource("other")]

    diff = outcome(side("a"), side("b"))
    assert names([one.after for one in diff.replaced]) == ["primary", "s"]
    (row,) = diff.replaced[1].changes
    assert (row.path, row.follows) == ("options.provider", urn("primary", PROVIDER))


def test_who_depends_on_a_replaced_resource_gets_other_values() -> None:
    def side(name: str) -> list[Resource]:
        keys = ("role", "code", "name", "layers", "timeout", "packageType")
        links = {**{key: (urn("s"),) for key in keys}, "handler": (urn("else"),)}
        inputs: dict[str, Plain] = {"role": UNKNOWN, "code": "known", "name": UNKNOWN, "handler": UNKNOWN}
        inputs |= {"layers": [secret(MASK)], "timeout": UNKNOWN, "packageType": secret(MASK)}
        follower = resource("f", FUNCTION, inputs=inputs, property_dependencies=links, ignore_changes=("timeout",))
        return [resource("s", inputs={"name": name}), follower]

    diff = outcome(side("a"), side("b"))
    (follower,) = diff.changed
    assert [(row.path, row.ruling.effect, row.follows) for row in follower.changes] == [
        ("role", UPDATE, urn("s")),
        ("name", MAYBE, urn("s")),  # a fixed name comes back the same
        ("layers[0]", UPDATE, urn("s")),
        ("packageType", MAYBE, urn("s")),
    ]
    assert outcome(side("a"), side("a")).empty


def test_what_is_replaced_for_sure_is_not_counted_as_perhaps() -> None:
    diff = of_inputs({"name": "a", "shiny": 1}, {"name": "b", "shiny": 2})
    assert (diff.counts()["replaced"], diff.counts()["may_replace"]) == (1, 0)


def test_protected_resources_that_would_go_are_refused_but_not_those_of_a_stack_without_a_file() -> None:
    old = [
        resource("a", protect=True, inputs={"name": "x"}),
        resource("b", BUCKET, protect=True),
        resource("c", protect=True),
    ]
    new = [resource("a", inputs={"name": "y"}), resource("c", protect=True)]
    assert names(outcome(old, new).refused) == ["b", "a"]
    assert compare("dev", stack(*old), None).refused == ()


def test_stacks_of_one_side_and_a_stack_under_another_name() -> None:
    before = {"dev": stack(resource("a"), resource("b")), "kept": stack(resource("a", stack="kept"), name="kept")}
    after = {
        "dev2": stack(resource("a", stack="dev2"), resource("b", stack="dev2"), name="dev2"),
        "kept": before["kept"],
        "more": stack(resource("a", stack="more"), name="more"),
    }
    found = compare_all(before, after)
    assert [(one.stack, one.whereabouts, one.looks_like) for one in found] == [
        ("dev", Whereabouts.GONE, None),
        ("dev2", Whereabouts.NEW, "dev"),
        ("kept", Whereabouts.BOTH, None),
        ("more", Whereabouts.NEW, None),
    ]
    assert (names(found[0].deleted), names(found[1].added), found[2].empty) == (["a", "b"], ["a", "b"], True)


def test_json_has_the_documented_keys() -> None:
    old = [resource("a", inputs={"name": "x"}), resource("b", shardCount=1), resource("d", protect=True)]
    new = [resource("a", inputs={"name": "y"}), resource("b", shardCount=2), resource("n", shardCount=9)]
    shape = outcome(old, new).to_json()
    assert set(shape) == {"stack", "state", "looks_like", "added", "changed", "replaced", "deleted", "summary"}
    assert shape["added"] == [{"urn": urn("n"), "type": STREAM, "name": "n", "looks_like": None}]
    assert shape["changed"] == [
        {
            "urn": urn("b"),
            "type": STREAM,
            "name": "b",
            "was": None,
            "may_replace": False,
            "path": "shardCount",
            "before": 1,
            "after": 2,
            "effect": "update",
            "source": "Kinesis: UpdateShardCount and its like",
            "follows": None,
        }
    ]
    assert shape["deleted"] == [
        {"urn": urn("d"), "type": STREAM, "name": "d", "protect": True, "retain_on_delete": False}
    ]
    assert shape["summary"] == {
        "added": 1,
        "changed": 1,
        "replaced": 1,
        "deleted": 1,
        "unchanged": 0,
        "may_replace": 0,
        "protected": 1,
        "unknown": 0,
        "secret": 0,
    }


def test_a_change_is_plain_data() -> None:
    (change,) = of_inputs({}, {"tags": 1}).differences[0].changes
    assert isinstance(change, Change)
    assert change.to_json()["before"] is None
