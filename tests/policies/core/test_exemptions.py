"""Exemptions: what they take away, for how long, and what is found of one that is out of order."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import pytest

from findings import Enforcement, Exempted, Finding, Severity
from policies import exemptions
from policies.exemptions import Exemption, ExemptionError, Weighed, forgotten, load, standing, weigh
from policies.rules import catalogue
from policies.verdict import finding
from tests.policies.build import res, stack, urn

TODAY = datetime.date(2027, 3, 1)
BUCKET = urn("aws:s3/bucket:Bucket", "lake")
ROW = """
- rule: ENC-AWS-003
  stack: dev
  resource: lake
  reason: The bucket holds nothing but logs.
  owner: data-platform
  expires: 2027-06-30
  ticket: DATA-4711
"""


def exemption(days: int = 100, **changed: str) -> Exemption:
    """One in order, that ends so many days from today."""
    row = {
        "rule": "ENC-AWS-003",
        "stack": "dev",
        "resource": "lake",
        "reason": "small",
        "owner": "data-platform",
        "expires": TODAY + datetime.timedelta(days),
        "ticket": "DATA-4711",
    }
    return Exemption.model_validate({**row, **changed})


def found(rule: str = "ENC-AWS-003", of: str = BUCKET, path: str = "") -> Finding:
    """A finding of a rule."""
    about = catalogue()[rule]
    return Finding(
        rule=rule,
        category=about.category,
        severity=about.severity,
        enforcement=Enforcement.MANDATORY,
        stack="dev",
        urn=of,
        path=path,
        message="no bucket key",
        remedy=about.remedy,
    )


def weighed(*some: Exemption, findings: tuple[Finding, ...] = (found(),), file: str | None = None) -> Weighed:
    return weigh("dev", findings, some, TODAY, file)


def about(told: Weighed) -> list[tuple[str, Enforcement, Severity]]:
    """What is said of the exemptions themselves."""
    return [(one.message, one.enforcement, one.severity) for one in told.findings if one.rule == "EXM-X-001"]


@pytest.mark.parametrize("resource", ["lake", BUCKET])
def test_one_in_order_takes_the_finding_away_and_is_told(resource: str) -> None:
    told = weighed(exemption(resource=resource))
    assert told == Weighed((), (Exempted(found(), "small", "data-platform", "2027-06-09", "DATA-4711"),))


def test_it_covers_every_finding_of_its_rule_at_its_resource_and_no_other() -> None:
    other = urn("aws:s3/bucket:Bucket", "lake-2")
    left = (found("ENC-AWS-002"), found(of=other), found(of=f"{BUCKET}x"), found(of="lake::x"))
    told = weighed(exemption(), findings=(found(path="a"), *left, found(path="b")))
    assert told.findings == left
    assert [one.finding for one in told.exempted] == [found(path="a"), found(path="b")]


@pytest.mark.parametrize("change", [{"stack": "prod"}, {"stack": "de"}])
def test_one_of_another_stack_is_that_stacks_matter(change: dict[str, str]) -> None:
    assert weighed(exemption(-1, **change)) == Weighed((found(),), ())


@pytest.mark.parametrize(
    ("days", "says", "level", "exempts"),
    [
        (-1, "the exemption from ENC-AWS-003 expired on 2027-02-28; data-platform owns it", "mandatory", False),
        (0, "the exemption from ENC-AWS-003 expires on 2027-03-01; data-platform owns it", "advisory", True),
        (30, "the exemption from ENC-AWS-003 expires on 2027-03-31; data-platform owns it", "advisory", True),
        (31, "", "", True),
        (366, "", "", True),
        (
            367,
            "the exemption from ENC-AWS-003 ends on 2028-03-02, more than a year ahead; data-platform owns it",
            "mandatory",
            False,
        ),
    ],
)
def test_the_days_at_which_something_changes(days: int, says: str, level: str, exempts: bool) -> None:
    told = weighed(exemption(days))
    severity = {"mandatory": Severity.HIGH, "advisory": Severity.LOW}.get(level)
    assert about(told) == ([(says, Enforcement(level), severity)] if says else [])
    assert bool(told.exempted) is exempts
    assert (found() in told.findings) is not exempts


def test_one_that_nothing_needs_any_more_fails() -> None:
    message = "no finding of ENC-AWS-003 needs the exemption any more; data-platform owns it"
    for days in (10, 100):
        assert about(weighed(exemption(days), findings=())) == [(message, Enforcement.MANDATORY, Severity.HIGH)]
    # One that has expired is told so, needed or not.
    assert "expired" in about(weighed(exemption(-1), findings=()))[0][0]


def test_a_second_one_for_the_same_finding_is_not_needed() -> None:
    told = weighed(exemption(), exemption(resource=BUCKET))
    assert len(told.exempted) == 1
    assert [message for message, *_ in about(told)] == [
        "no finding of ENC-AWS-003 needs the exemption any more; data-platform owns it"
    ]


@pytest.mark.parametrize("rule", sorted(one for one, about in catalogue().items() if about.firm))
def test_what_is_firm_takes_none(rule: str) -> None:
    told = weighed(exemption(rule=rule), findings=(found(rule),))
    whose = "the order of exemptions" if rule == "EXM-X-001" else "sovereignty"
    message = f"an exemption from {rule}: {whose} takes none; data-platform owns it"
    assert found(rule) in told.findings
    assert told.exempted == ()
    assert (message, Enforcement.MANDATORY, Severity.HIGH) in [
        (one.message, one.enforcement, one.severity) for one in told.findings
    ]


def test_an_expired_exemption_of_no_stack_is_told_with_its_owner() -> None:
    (told,) = forgotten([exemption(-1, stack="gone")], {"dev"}, TODAY)
    assert all(word in told for word in ("ENC-AWS-003", "gone", "data-platform", "DATA-4711"))
    assert not list(forgotten([exemption(0, stack="gone")], {"dev"}, TODAY))
    assert not list(forgotten([exemption(-1)], {"dev"}, TODAY))


def test_what_is_found_of_an_exemption_names_all_that_a_report_shows() -> None:
    (one,) = weighed(exemption(-1), findings=(), file="preview.json").findings
    rule = catalogue()["EXM-X-001"]
    assert one == Finding(
        rule="EXM-X-001",
        category="operations",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        stack="dev",
        urn="lake",
        path="",
        message="the exemption from ENC-AWS-003 expired on 2027-02-28; data-platform owns it",
        remedy=f"{rule.remedy} Ticket DATA-4711.",
        allowed=rule.expected,
        frameworks=rule.frameworks,
        file="preview.json",
    )


def test_a_finding_of_the_judge_has_the_name_that_an_exemption_gives() -> None:
    bucket = res("aws:s3/bucket:Bucket", "lake")
    from policies.judge import judge

    said = [one for one in judge(stack("eu", bucket)).failed if one.rule.id == "PUB-AWS-001"]
    (told,) = [finding(stack("eu", bucket), one) for one in said]
    assert exemption(rule="PUB-AWS-001", stack="test").covers(told)
    assert not exemption(rule="PUB-AWS-001", stack="test", resource="bucket").covers(told)


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "exemptions.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def faults(file: Path) -> list[str]:
    with pytest.raises(ExemptionError) as raised:
        load(file)
    lines = str(raised.value).splitlines()
    assert all(line.startswith(f"{file}: ") for line in lines), lines
    return [line.removeprefix(f"{file}: ") for line in lines]


def test_a_file_in_order(tmp_path: Path) -> None:
    (row,) = load(written(tmp_path, f"exemptions:{ROW}"))
    assert row == Exemption(
        rule="ENC-AWS-003",
        stack="dev",
        resource="lake",
        reason="The bucket holds nothing but logs.",
        owner="data-platform",
        expires=datetime.date(2027, 6, 30),
        ticket="DATA-4711",
    )
    for empty in ("", "# nothing\n", "exemptions: []\n", "{}\n"):
        assert load(written(tmp_path, empty)) == ()


def test_every_fault_of_a_file_is_told_with_its_row(tmp_path: Path) -> None:
    no_day = ROW.replace("2027-06-30", "2027-02-30").replace("lake", "''")
    no_owner = ROW.replace("owner: data-platform", "team: data").replace("DATA-4711", "'  '")
    broken = f"exemptions:{ROW}{no_day}{no_owner}"
    rest = " The head of the file shows a whole row."
    assert faults(written(tmp_path, broken)) == [
        f"exemptions.1.resource: String should have at least 1 character.{rest}",
        "exemptions.1.expires: Input should be a valid date or datetime, day value is outside expected range." + rest,
        f"exemptions.2.owner: Field required.{rest}",
        f"exemptions.2.ticket: String should have at least 1 character.{rest}",
        f"exemptions.2.team: Extra inputs are not permitted.{rest}",
    ]


def test_rules_that_there_are_not_are_named(tmp_path: Path) -> None:
    wrong = f"exemptions:{ROW}{ROW.replace('ENC-AWS-003', 'ENC-AWS-999')}{ROW.replace('ENC-AWS-003', 'nothing')}"
    assert faults(written(tmp_path, wrong)) == [
        "there is no rule ENC-AWS-999, nothing. `homeshore policy explain` lists them."
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("exemptions: [", "cannot be read: while parsing"),
        ("exemptions: &a [*a]", "exemptions.0: "),
        ("- rule: ENC-AWS-003", ": Input should be"),
        ("exemption: []", "exemption: Extra inputs are not permitted."),
        ("exemptions: none", "exemptions: Input should be a valid tuple."),
    ],
)
def test_what_is_no_list_of_rows(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ExemptionError) as raised:
        load(written(tmp_path, text))
    assert says in str(raised.value)
    assert str(raised.value).startswith(str(tmp_path / "exemptions.yaml"))


def test_a_file_that_cannot_be_opened_or_is_no_text(tmp_path: Path) -> None:
    for file in (tmp_path / "missing.yaml", tmp_path):
        assert faults(file)[0].startswith("cannot be read: ")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    assert faults(tmp_path / "binary.yaml")[0].startswith("cannot be read: ")


def test_the_packs_own_file_is_in_order() -> None:
    assert standing() == load(exemptions.FILE)
    assert exemptions.FILE.name == "exemptions.yaml"


def test_the_row_at_the_head_of_the_packs_file_is_one(tmp_path: Path) -> None:
    head = [line.removeprefix("#") for line in exemptions.FILE.read_text(encoding="utf-8").splitlines()]
    row = [re.sub(r"(?<=\S) {3,}.*", "", line) for line in head if line.startswith(("   - rule", "     "))]
    assert len(row) == len(Exemption.model_fields)
    assert len(load(written(tmp_path, "exemptions:\n" + "\n".join(row)))) == 1
