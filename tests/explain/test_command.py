"""`homeshore policy explain`: one rule, several, all, none, and one that is not there."""

from __future__ import annotations

import json

import pytest

from homeshore.cli import run
from homeshore.explain import explained_all
from policies.pack.policies import single_rules
from policies.pack.remediation import mends
from policies.rules import catalogue

WIDTH = 80


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(["policy", "explain", *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_rule_is_told_with_all_that_is_known_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = asked(capsys, "sov-az-003")
    about = catalogue()["SOV-AZ-003"]
    flat = " ".join(out.split())
    assert (code, err) == (0, "")
    for one in (about.id, about.title, about.why, about.expected, about.remedy, *about.frameworks, "CKV_AZURE_206"):
        assert " ".join(one.split()) in flat
    assert "no lower level and no exemption" in flat
    assert "the whole stack decides" in flat
    assert out.index("Standard_GRS") < out.index("Standard_ZRS")


def test_what_may_be_lowered_and_what_can_be_mended_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = asked(capsys, "TLS-AZ-001", "LOG-AWS-002")
    assert "at the level `remediate`" in out
    assert "advisory; the pack's config may set another" in " ".join(out.split())
    assert "one resource decides" in out


def test_without_a_rule_all_are_listed_by_cloud_and_category(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = asked(capsys)
    lines = out.splitlines()
    assert code == 0
    assert [line.split()[0] for line in lines if line.startswith("  ")] == list(catalogue())
    assert "Azure, sovereignty" in lines
    assert f"{len(catalogue())} rules." in out
    assert max(map(len, lines)) <= WIDTH


def test_all_of_them_fit_a_screen_but_for_addresses(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = asked(capsys, "--all")
    assert code == 0
    assert out.count("\nWhy ") == len(catalogue())
    long = [line for line in out.splitlines() if len(line) > WIDTH]
    assert [line for line in long if not line.startswith("  ")] == []


def test_json_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = asked(capsys, "--json")
    shape = json.loads(out)
    assert shape["version"] == 1
    assert [one["rule"] for one in shape["rules"]] == list(catalogue())
    assert {one["rule"] for one in shape["rules"] if one["mends"]} == mends()
    assert {one["rule"] for one in shape["rules"] if one["decides"] == "resource"} == single_rules()
    _, out, _ = asked(capsys, "SOV-AWS-001", "--json")
    (only,) = json.loads(out)["rules"]
    example = only["example"]
    assert example["broken"][0]["type"] == "aws:kinesis/stream:Stream"
    assert example["broken"][0]["inputs"] != example["valid"][0]["inputs"]
    assert only["firm"]
    assert only["enforcement"] == "mandatory"


@pytest.mark.parametrize(
    ("written", "meant"), [("SOV-AZ-03", "SOV-AZ-003"), ("ENC-AWS-0001", "ENC-AWS-001"), ("TAG", "TAG-X-001")]
)
def test_a_mistyped_rule_is_told_what_it_may_have_meant(
    capsys: pytest.CaptureFixture[str], written: str, meant: str
) -> None:
    code, out, err = asked(capsys, written)
    assert (code, out) == (2, "")
    assert meant in err.partition("Did you mean")[2]


def test_nonsense_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = asked(capsys, "quux")
    assert code == 2
    assert "Did you mean" not in err
    assert asked(capsys, "SOV-AWS-001", "--all")[0] == 2


def test_the_catalogue_says_what_each_rule_looks_at() -> None:
    assert [one.about.id for one in explained_all() if not one.types and one.decides == "resource"] == []
