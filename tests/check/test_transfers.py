"""Every format tells the declared transfers, and beside a finding the one that lowers it."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from findings import DeclaredTransfer, Enforcement
from homeshore.check.printing import Printing
from tests.check.reports import STACK, found, report

ROW = DeclaredTransfer(STACK, "clicks", "uk", "Example Ltd", "adequacy", "DPO-117", "2027-06-30", 1)
TEXT = "clicks to Example Ltd (uk) by adequacy, DPO-117, until 2027-06-30"
LOWERED = report(found(enforcement=Enforcement.ADVISORY, transfers=(TEXT,)), transfers=(ROW,))
IDLE = report(transfers=(DeclaredTransfer(STACK, "clicks", "uk", "Example Ltd", "scc", "DPO-118", "2027-06-30"),))


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("form", ["text", "json", "sarif", "junit", "github"])
def test_a_lowered_finding_names_its_transfer(form: str) -> None:
    told = flat(Printing(several=False).document(form, [LOWERED]))
    assert told.count(TEXT) >= 2 if form != "json" else told.count("DPO-117") == 2


def test_people_read_the_register_after_the_findings() -> None:
    told = flat(Printing(several=False).document("text", [LOWERED]))
    assert f"[declared: {TEXT}]" in told
    assert told.index("[declared:") < told.index(f"Declared transfers: {TEXT}; it lowers 1 finding to a warning.")


def test_a_transfer_that_lowers_nothing_is_told_too() -> None:
    told = Printing(several=True).document("text", [IDLE])
    assert "DPO-118, until 2027-06-30; it lowers nothing." in flat(told)
    notice = Printing(several=False).document("github", [IDLE])
    assert "::notice title=homeshore check::prod: declared transfer: clicks to Example Ltd (uk) by scc" in notice


def test_json_has_the_register_and_each_finding_its_transfers() -> None:
    told = json.loads(Printing(several=False).document("json", [LOWERED]))
    assert [one["transfers"] for one in told["findings"]] == [[TEXT]]
    assert told["transfers"] == [
        {
            "stack": STACK,
            "what": "clicks",
            "destination": "uk",
            "recipient": "Example Ltd",
            "basis": "adequacy",
            "reference": "DPO-117",
            "expires": "2027-06-30",
            "lowers": 1,
            "file": None,
        }
    ]


def test_junit_has_the_register_as_properties_of_the_suite() -> None:
    root = ElementTree.fromstring(Printing(several=False).document("junit", [LOWERED]))
    suite = next(iter(root))
    assert [(one.get("name"), one.get("value")) for one in suite.iter("property")] == [
        ("declared transfer", f"{TEXT}; it lowers 1 finding to a warning")
    ]
    assert suite[0].tag == "properties"
    assert suite.get("failures") == "0"


def test_the_register_is_read_at_its_line() -> None:
    from homeshore.check.places import TRANSFERS
    from policies.transfers import RULE

    assert TRANSFERS == (RULE, "homeshore:transfers")
