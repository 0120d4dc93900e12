"""What a declared transfer lowers, and what it never does; what is wrong with a register; whose law asks for logs."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

import pytest

import geography
from findings import Enforcement, Finding, Judgement
from policies import subject
from policies.configuration import ConfigurationError, configuration
from policies.model import Resource
from policies.rules import catalogue
from policies.transfers import kinds_of_rules, register
from policies.verdict import verdict
from tests.policies.build import UNKNOWN, provider, res, urn

TODAY = datetime.date(2026, 11, 21)
BUCKET, KEY, COPY = "aws:s3/bucket:Bucket", "aws:kms/key:Key", "aws:s3/bucketReplicationConfig:BucketReplicationConfig"
LOGS = "aws:cloudwatch/logGroup:LogGroup"


def region(jurisdiction: str, cloud: str = "aws") -> str:
    return next(
        one.name for one in geography.regions(cloud) if one.kind == "region" and one.jurisdiction == jurisdiction
    )


def row(**changes: Any) -> dict[str, Any]:
    one = {
        "what": "clicks",
        "destination": "uk",
        "recipient": "Example Ltd",
        "basis": "adequacy",
        "reference": "DPO-117",
        "expires": "2027-06-30",
    }
    return {key: value for key, value in {**one, **changes}.items() if value is not None}


def judged(resources: Iterable[Resource], *transfers: Any, boundary: str = "eu", **stated: Any) -> Judgement:
    """The verdict on a stack that states a boundary and a register, today."""
    inputs = {"boundary": boundary, "transfers": list(transfers), **stated}
    whole = res(subject.PIPELINE, "pipeline", inputs, custom=False)
    home = provider("aws", region=region("eu"), allowedAccountIds=["123456789012"])
    return verdict(subject.stack("test", [whole, home, *resources]), today=TODAY)


def outside(told: Judgement) -> dict[tuple[str, str], Enforcement]:
    """The findings of sovereignty about resources, by rule and name."""
    about = (one for one in told.findings if one.category == "sovereignty" and one.urn)
    return {(one.rule, one.urn.rpartition("::")[2]): one.enforcement for one in about}


def of_register(told: Judgement) -> list[Finding]:
    return [one for one in told.findings if one.rule == "TRF-X-001"]


def lake(jurisdiction: str = "uk", name: str = "lake") -> Resource:
    return res(BUCKET, name, {"bucket": name, "region": region(jurisdiction), "tags": {"DataResidency": "eu"}})


def test_what_lies_there_is_a_warning_with_the_transfer_beside_it() -> None:
    told = judged([lake()], row())
    found = next(one for one in told.findings if one.rule == "SOV-AWS-001")
    assert found.enforcement is Enforcement.ADVISORY
    assert found.transfers == ("clicks to Example Ltd (uk) by adequacy, DPO-117, until 2027-06-30",)
    assert [(one.destination, one.lowers) for one in told.transfers] == [("uk", 1)]
    assert of_register(told) == []
    assert told.states is not None
    assert (told.states.rules["TRF-X-001"], told.states.rules["SOV-AWS-001"]) == ("pass", "fail")


def test_nothing_is_declared_nothing_is_lowered() -> None:
    told = judged([lake()])
    assert outside(told) == {("SOV-AWS-001", "lake"): Enforcement.MANDATORY}
    assert told.transfers == ()
    assert told.states is not None
    assert told.states.rules["TRF-X-001"] == "not_applicable"


@pytest.mark.parametrize(
    ("transfers", "level"),
    [
        ([row(destination="us")], Enforcement.MANDATORY),
        ([row(destination="us"), row()], Enforcement.ADVISORY),
        ([row(destination="GB")], Enforcement.ADVISORY),
        ([row(destination="ch+uk")], Enforcement.ADVISORY),
        ([row(basis="scc")], Enforcement.MANDATORY),  # a contract binds a recipient, not where our own store lies
        ([row(basis="consent")], Enforcement.MANDATORY),
        ([row(basis="derogation")], Enforcement.MANDATORY),
        ([row(rules=["SOV-AWS-003"])], Enforcement.MANDATORY),
        ([row(rules=["SOV-AWS-003", "SOV-AWS-001"])], Enforcement.ADVISORY),
        ([row(resources=["pond"])], Enforcement.MANDATORY),
        ([row(resources=["lake"])], Enforcement.ADVISORY),
        ([row(resources=[urn(BUCKET, "lake")])], Enforcement.ADVISORY),
        ([row(expires="2026-11-20")], Enforcement.MANDATORY),
        ([row(expires="2026-11-21")], Enforcement.ADVISORY),
        ([row(expires="2028-11-21")], Enforcement.MANDATORY),
        ([row(destination="atlantis")], Enforcement.MANDATORY),
        ([row(), "nonsense"], Enforcement.ADVISORY),
    ],
)
def test_which_transfer_lowers_a_store_that_lies_there(transfers: list[Any], level: Enforcement) -> None:
    assert outside(judged([lake()], *transfers)) == {("SOV-AWS-001", "lake"): level}


def test_a_flow_is_lowered_by_a_contract_too() -> None:
    rule = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
    where = f"arn:aws:sqs:{region('in')}:123456789012:late"
    event = res(rule, "late", {"functionName": "f", "destinationConfig": {"onFailure": {"destination": where}}})
    before = outside(judged([event]))
    assert set(before.values()) == {Enforcement.MANDATORY}
    assert ("SOV-AWS-010", "late") in before
    after = outside(judged([event], row(destination="in", basis="scc")))
    assert {key: level for key, level in after.items() if key[0] in kinds_of_rules()} == dict.fromkeys(
        (key for key in before if key[0] in kinds_of_rules()), Enforcement.ADVISORY
    )
    assert set(after) == set(before)  # lowered to a warning, never to nothing


def test_two_destinations_of_one_resource_need_both_transfers() -> None:
    kind = "aws:dynamodb/table:Table"
    table = res(
        kind,
        "clicks",
        {"name": "clicks", "replicas": [{"regionName": region("uk")}, {"regionName": region("jp")}]},
    )
    key = ("SOV-AWS-004", "clicks")
    paths = {one.path: one.enforcement for one in judged([table], row()).findings if one.rule == key[0]}
    assert sorted(paths.values()) == [Enforcement.ADVISORY, Enforcement.MANDATORY]
    both = judged([table], row(), row(destination="jp", reference="DPO-118"))
    assert {one.enforcement for one in both.findings if one.rule == key[0]} == {Enforcement.ADVISORY}
    assert [one.lowers for one in both.transfers] == [1, 1]


def test_a_place_that_spans_two_laws_needs_both_transfers() -> None:
    spanning = next(one.name for one in geography.regions("gcp") if one.jurisdiction.split("+") == ["ch", "eu"])
    dataset = res("gcp:bigquery/dataset:Dataset", "clicks", {"datasetId": "clicks", "location": spanning})
    key = ("SOV-GCP-003", "clicks")
    assert outside(judged([dataset], row(destination="ch"), boundary="uk"))[key] is Enforcement.MANDATORY
    both = judged([dataset], row(destination="ch"), row(destination="eu", reference="DPO-118"), boundary="uk")
    assert outside(both)[key] is Enforcement.ADVISORY
    assert len(next(one for one in both.findings if one.rule == key[0]).transfers) == 2


def test_a_key_is_never_lowered_by_whatever_rule() -> None:
    key = res(KEY, "key", {"region": region("uk"), "enableKeyRotation": True})
    away = f"arn:aws:kms:{region('uk')}:123456789012:key/1"
    queue = res("aws:sqs/queue:Queue", "queue", {"kmsMasterKeyId": away})
    policy = res("aws:iam/policy:Policy", "policy", {"policy": f'{{"Statement": [{{"Resource": "{away}"}}]}}'})
    told = judged([key, queue, policy], row())
    found = outside(told)
    assert {("SOV-AWS-001", "key"), ("SOV-AWS-006", "queue"), ("SOV-AWS-002", "policy")} <= set(found)
    assert set(found.values()) == {Enforcement.MANDATORY}
    assert [one.lowers for one in told.transfers] == [0]


def test_what_nobody_can_place_is_never_lowered() -> None:
    kind = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
    event = res(kind, "late", {"functionName": "f", "destinationConfig": {"onFailure": {"destination": "somewhere"}}})
    before = outside(judged([event]))
    assert before
    assert outside(judged([event], row(), row(destination="us"))) == before


def test_no_rule_of_encryption_identity_or_of_keys_can_be_lowered() -> None:
    assert {one.partition("-")[0] for one in kinds_of_rules()} == {"SOV"}
    assert set(kinds_of_rules()) <= set(catalogue())
    never = {one for one in catalogue() if one.startswith("SOV-")} - set(kinds_of_rules())
    assert never == {
        *("SOV-AWS-005", "SOV-AWS-006", "SOV-AWS-013", "SOV-AWS-014"),
        *("SOV-AZ-007", "SOV-AZ-009", "SOV-AZ-013"),
        *("SOV-GCP-006", "SOV-GCP-010", "SOV-GCP-012"),
        *("SOV-X-002", "SOV-X-005"),
    }


def test_the_label_of_another_boundary_stays_wrong() -> None:
    one = lake()
    wrong = res(BUCKET, "lake", {**one.inputs, "tags": {"DataResidency": "eu+uk"}})
    assert outside(judged([wrong], row()))["SOV-X-002", "lake"] is Enforcement.MANDATORY


@pytest.mark.parametrize(
    ("transfer", "level", "message"),
    [
        (row(expires="2026-11-20"), Enforcement.MANDATORY, "it expired on 2026-11-20"),
        (row(expires="2026-11-21"), Enforcement.ADVISORY, "it ends in 0 days"),
        (row(expires="2026-12-21"), Enforcement.ADVISORY, "it ends in 30 days"),
        (row(expires="2026-12-22"), None, ""),
        (row(expires="2027-11-22"), None, ""),
        (row(expires="2027-11-23"), Enforcement.MANDATORY, "more than a year ahead"),
        (row(destination="atlantis"), Enforcement.MANDATORY, "there is no place 'atlantis'"),
        (row(destination="de"), Enforcement.MANDATORY, "lies inside European Union"),
        (row(destination="in"), Enforcement.MANDATORY, "no decision of European Union"),
        (row(basis="handshake"), Enforcement.MANDATORY, "on the basis 'handshake'"),
        (row(rules=["ENC-AWS-001"]), Enforcement.MANDATORY, "ENC-AWS-001 is lowered by no transfer"),
        (row(expires=None), Enforcement.MANDATORY, "transfers[0].expires: Field required"),
        (row(expires="soon"), Enforcement.MANDATORY, "transfers[0].expires"),
        (row(extra="x"), Enforcement.MANDATORY, "transfers[0].extra"),
        (row(recipient=UNKNOWN), None, ""),
        (row(expires=UNKNOWN), Enforcement.MANDATORY, "transfers[0].expires"),
        ("clicks", Enforcement.MANDATORY, "cannot be read"),
        (None, Enforcement.MANDATORY, "cannot be read"),
    ],
)
def test_what_is_wrong_with_a_register(transfer: object, level: Enforcement | None, message: str) -> None:
    found = of_register(judged([lake()], transfer))
    assert [one.enforcement for one in found] == ([level] if level else [])
    assert all(message in one.message for one in found)


def test_a_decision_that_ends_ends_the_transfer() -> None:
    last = datetime.date(2031, 12, 27)
    whole = res(
        subject.PIPELINE, "pipeline", {"boundary": "eu", "transfers": [row(expires="2032-06-30")]}, custom=False
    )

    def told(days: int) -> list[Enforcement]:
        today = last + datetime.timedelta(days=days)
        return [one.enforcement for one in of_register(verdict(subject.stack("test", [whole, lake()]), today=today))]

    assert (told(-31), told(-30), told(0)) == ([], [Enforcement.ADVISORY], [Enforcement.ADVISORY])
    assert told(1) == [Enforcement.MANDATORY]


def test_a_secret_in_a_register_is_not_told() -> None:
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": "hunter2"}
    found = of_register(judged([lake()], row(expires=secret, basis=secret)))
    assert found
    assert not any("hunter2" in one.message for one in found)


@pytest.mark.parametrize("stated", [None, [], [[]], [{}], "x", 7, {"a": 1}, [None], [[row()]]])
def test_any_register_can_be_read(stated: object) -> None:
    found = register(stated)
    assert bool(found) == (stated not in (None, []))
    assert found.transfers == ()


@pytest.mark.parametrize(
    ("jurisdiction", "days", "config", "right"),
    [
        ("in", 179, None, False),
        ("in", 180, None, True),
        ("in", 90, [1, 3653], False),  # the config asks for less than the law
        ("in", 200, [365, 3653], False),  # and may ask for more
        ("in", 400, [365, 3653], True),
        ("in", 180, [1, 90], True),
        ("eu", 1, None, True),
    ],
)
def test_logs_are_kept_as_long_as_the_law_of_the_place_asks(
    jurisdiction: str, days: int, config: list[int] | None, right: bool
) -> None:
    told = configuration({"parameters": {"log_days": config}} if config else None)
    group = res(LOGS, "log", {"retentionInDays": days})
    for places in ([f"aws:{region(jurisdiction)}"], []):
        whole = res(subject.PIPELINE, "it", {"boundary": jurisdiction, "placements": places}, custom=False)
        found = [
            one.message
            for one in verdict(subject.stack("test", [whole, group], told), today=TODAY).findings
            if one.rule == "RET-AWS-001"
        ]
        assert (found == []) is right
        assert all(("CERT-In" in one) is (config != [365, 3653]) for one in found)


def test_a_law_holds_where_the_stack_stands() -> None:
    def least(boundary: str, *places: str) -> int:
        inputs = {"boundary": boundary, "placements": [f"aws:{region(one)}" for one in places]}
        whole = res(subject.PIPELINE, "it", inputs, custom=False)
        return subject.stack("test", [whole]).parameters.log_days[0]

    assert least("us+us-gov", "us") == 1
    assert least("us+us-gov", "us-gov") == 90
    assert least("us+us-gov") == 1  # it may stand in either
    assert least("us+us-gov", "us", "us-gov") == 90


@pytest.mark.parametrize("level", ["advisory", "disabled"])
def test_the_rule_about_the_register_takes_no_lower_level(level: str) -> None:
    with pytest.raises(ConfigurationError, match="TRF-X-001 takes no lower level"):
        configuration({"TRF-X-001": level})
