"""How rules are asked, what is filed under which rule, and the sentences that most rules need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from findings import Enforcement
from policies import judge as judging
from policies import rules as declared
from policies.judge import judge, rules_for
from policies.model import Resource, Stack
from policies.rules import UNPLACED, Case, Fail, Rule, Said, Unsure, catalogue, rules
from policies.values import State
from tests.policies.build import UNKNOWN, res, stack

TOPIC = "aws:sns/topic:Topic"


def case(boundary: str | None = "eu", kind: str = TOPIC, /, inputs: dict[str, Any] | None = None, **told: Any) -> Case:
    it = res(kind, "it", inputs or {})
    return Case(stack(boundary, it, **told), it)


def said(found: Iterator[Said]) -> list[tuple[str, str, str]]:
    """Each thing said: fail or unsure, the path, the message or reason."""
    return [
        ("fail", one.path, one.message) if isinstance(one, Fail) else ("unsure", one.path, one.reason) for one in found
    ]


LATER = "its value is known only after the update"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("TLS1_2", []),
        ("tls1_3", []),
        ("TLS1_0", [("fail", "tls", "tls must be TLS1_2 or TLS1_3")]),
        (None, [("fail", "tls", "tls is old: it must be TLS1_2 or TLS1_3")]),
        (UNKNOWN, [("unsure", "tls", LATER)]),
    ],
)
def test_must_be(value: Any, expected: list[tuple[str, str, str]]) -> None:
    assert said(case(inputs={"tls": value}).must_be("tls", "TLS1_2", "TLS1_3", missing="is old")) == expected


def test_must_be_says_that_something_is_missing() -> None:
    assert said(case().must_be("a[].b", "x")) == [("fail", "a[0].b", "a[0].b is missing: it must be x")]


@pytest.mark.parametrize(
    ("value", "default", "expected"),
    [
        (True, False, []),
        ("true", False, []),
        (False, True, [("fail", "on", "on must be true")]),
        ("yes", True, [("fail", "on", "on must be true")]),
        (None, False, [("fail", "on", "on must be true")]),
        (None, True, []),
        (UNKNOWN, True, [("unsure", "on", LATER)]),
    ],
)
def test_must_be_true(value: Any, default: bool, expected: list[tuple[str, str, str]]) -> None:
    assert said(case(inputs={"on": value}).must_be_true("on", default=default)) == expected


def test_what_is_missing_is_not_true_unless_it_is_said_to_be() -> None:
    assert said(case().must_be_true("on")) == [("fail", "on", "on must be true")]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, [("fail", "on", "on must not be true")]),
        ("TRUE", [("fail", "on", "on must not be true")]),
        (False, []),
        ("no", []),
        (None, []),
        (UNKNOWN, [("unsure", "on", LATER)]),
    ],
)
def test_must_not_be_true(value: Any, expected: list[tuple[str, str, str]]) -> None:
    assert said(case(inputs={"on": value}).must_not_be_true("on")) == expected


def test_must_be_present() -> None:
    for value, expected in (("x", []), (UNKNOWN, []), (None, [("fail", "key", "a key is missing")])):
        assert said(case(inputs={"key": value}).must_be_present("key", "a key")) == expected


def test_a_failure_shows_what_was_found_where_it_was() -> None:
    one = case(inputs={"a": "x", "b": UNKNOWN})
    assert one.fail(one.read("a"), "wrong") == Fail("a", "wrong", '"x"')
    assert one.fail("a", "wrong") == Fail("a", "wrong", "")
    assert one.fail(one.read("b"), "wrong") == Fail("b", "wrong", "")
    assert one.unsure(one.read("b")) == Unsure("b", LATER)
    assert one.unsure("c", "why") == Unsure("c", "why")
    assert [each.state for each in one.read_all("b")] == [State.UNKNOWN]


@pytest.mark.parametrize("allowed", ["bucket-x", "BUCKET-X", "bucket-x/"])
def test_a_destination_that_somebody_allowed(allowed: str) -> None:
    for text in ("bucket-x", "Bucket-X/"):
        one = case(inputs={"to": text}, allowed_destinations=frozenset({allowed}))
        assert list(one.unplaced(one.read("to"), "rows")) == []


def test_a_destination_that_nobody_can_place() -> None:
    one = case(inputs={"to": "x"}, allowed_destinations=frozenset({"xx", "http://x"}))
    assert list(one.unplaced(one.read("to"), "the rows")) == [
        Fail(
            "to",
            "to leads the rows to something that this stack does not declare: nobody can tell its region",
            '"x"',
            under=UNPLACED,
        )
    ]
    nowhere = case(None, inputs={"to": "x"})
    assert list(nowhere.unplaced(nowhere.read("to"), "the rows")) == []


@pytest.fixture
def pack(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Rule]]:
    """A pack of the test's own rules."""
    own: list[Rule] = []
    monkeypatch.setattr(judging, "rules", lambda: tuple(own))
    rules_for.cache_clear()
    yield own
    rules_for.cache_clear()


def failing(identity: str, *types: str, under: str = "") -> Rule:
    return Rule(identity, types, lambda found: [Fail("a", found.resource.name, under=under)], None)


def test_which_rules_look_at_a_type(pack: list[Rule]) -> None:
    pack += [failing("SOV-AWS-001", "aws:*"), failing("ENC-AWS-001", TOPIC), failing("TAG-X-001", "*")]

    def ids(kind: str, package: str) -> list[str]:
        return [one.id for one in rules_for(kind, package)]

    assert ids(TOPIC, "aws") == ["SOV-AWS-001", "ENC-AWS-001", "TAG-X-001"]
    assert ids("aws:sqs/queue:Queue", "aws") == ["SOV-AWS-001", "TAG-X-001"]
    assert ids("gcp:pubsub/topic:Topic", "gcp") == ["TAG-X-001"]
    assert ids("pulumi:providers:aws", "aws") == []


def test_a_rule_may_name_a_provider(pack: list[Rule]) -> None:
    pack.append(failing("SOV-X-003", "pulumi:providers:aws"))
    assert [one.id for one in rules_for("pulumi:providers:aws", "aws")] == ["SOV-X-003"]


def test_what_was_looked_at_is_counted(pack: list[Rule]) -> None:
    silent = Rule("ENC-AWS-002", (TOPIC,), lambda _: [], None)
    pack += [failing("SOV-AWS-001", "aws:*"), silent, failing("TAG-X-001", "*"), failing("SOV-GCP-001", "gcp:*")]
    topic, other = res(TOPIC, "topic"), res("acme:index:It", "other")
    outcome = judge(stack("eu", topic, other))
    assert outcome.evaluations == 4
    assert outcome.rules == {"SOV-AWS-001", "ENC-AWS-002", "TAG-X-001"}
    assert outcome.looked_at == {topic.urn}
    assert [(one.rule.id, one.resource, one.said.message) for one in outcome.failed] == [
        ("SOV-AWS-001", topic, "topic"),
        ("TAG-X-001", topic, "topic"),
        ("TAG-X-001", other, "other"),
    ]


def test_rules_of_the_stack_look_at_stacks_of_their_cloud(pack: list[Rule]) -> None:
    topic = res(TOPIC, "topic")

    def whole(found: Stack) -> list[Said]:
        return [Fail("", "s", resource=found.resources[0]), Unsure("p", "why"), Fail("", "whole")]

    pack += [Rule("LOG-AWS-001", (), None, whole), Rule("LOG-GCP-001", (), None, lambda _: [])]
    outcome = judge(stack("eu", topic))
    assert [(one.rule.id, one.resource, one.said.message) for one in outcome.failed] == [
        ("LOG-AWS-001", topic, "s"),
        ("LOG-AWS-001", None, "whole"),
    ]
    assert [(one.rule.id, one.resource, one.said) for one in outcome.unsure] == [
        ("LOG-AWS-001", None, Unsure("p", "why"))
    ]
    assert (outcome.evaluations, outcome.rules) == (1, {"LOG-AWS-001"})
    assert outcome.looked_at == frozenset()
    assert judge(stack("eu", topic), {"LOG-GCP-001"}).failed == ()


def test_a_statement_may_name_another_resource(pack: list[Rule]) -> None:
    other = res(TOPIC, "other")
    pack.append(Rule("ENC-AWS-001", (TOPIC,), lambda _: [Unsure("a", "why", resource=other)], None))
    (one,) = judge(stack("eu", res(TOPIC, "topic"))).unsure
    assert one.resource is other


def test_only_the_rules_that_are_asked_for_speak(pack: list[Rule]) -> None:
    pack += [
        failing("SOV-AWS-001", "aws:*", under=UNPLACED),
        failing("ENC-AWS-001", TOPIC),
        failing("ENC-AWS-002", TOPIC),
    ]
    found = stack("eu", res(TOPIC, "topic"))

    def ids(*only: str) -> list[str]:
        return [one.rule.id for one in judge(found, only or None).failed]

    assert ids() == [UNPLACED, "ENC-AWS-001", "ENC-AWS-002"]
    assert ids("ENC-AWS-001") == ["ENC-AWS-001"]
    assert ids("SOV-AWS-001") == []
    assert ids(UNPLACED) == [UNPLACED]
    assert judge(found, {"ENC-AWS-001"}).evaluations == 1
    assert judge(found, {UNPLACED}).rules == {"SOV-AWS-001"}
    assert judge(found, ()).evaluations == 0


def test_a_rule_is_declared_for_its_types(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Rule] = []
    monkeypatch.setattr(declared, "_RULES", made)

    def check(_: Case) -> list[Said]:
        return []

    def whole(_: Stack) -> list[Said]:
        return []

    assert declared.rule("ENC-AWS-001", TOPIC, "gcp:*")(check) is check
    assert declared.stack_rule("LOG-AWS-001")(whole) is whole
    assert made == [Rule("ENC-AWS-001", (TOPIC, "gcp:*"), check, None), Rule("LOG-AWS-001", (), None, whole)]
    assert [one.knows_types for one in (*made, Rule("x", ("*",), None, None))] == [True, True, False]


def test_rules_stand_in_the_catalogues_order_each_with_its_row() -> None:
    order = list(catalogue())
    places = [order.index(one.id) for one in rules()]
    assert places == sorted(places)
    for one in rules():
        assert one.about is catalogue()[one.id]
        assert (one.check is None) != (one.on_stack is None)


def test_a_row_of_the_catalogue() -> None:
    about = catalogue()["SOV-AWS-001"]
    assert about.frameworks[0] == "GDPR 44-46, 28(3)(a)"
    assert all(part == part.strip() != "" for one in catalogue().values() for part in one.frameworks)
    assert about.enforcement is Enforcement.MANDATORY
    texts = ("title", "level", "why", "expected", "remedy")
    assert all(getattr(one, key) for one in catalogue().values() for key in texts)
    assert any(one.remediation for one in catalogue().values())
    assert isinstance(res(TOPIC), Resource)
