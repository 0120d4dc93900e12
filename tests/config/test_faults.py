"""Each way in which a stack file can be wrong has a sentence of its own, a consequence and a remedy."""

from __future__ import annotations

import pickle
import re

import pytest

from stacks.faults import ConfigFaults, Fault
from stacks.reading import read
from tests.config.conftest import Sandbox, region_in

JARGON = re.compile(r"pydantic|Input should|type=|https?://|Traceback|Value error|validation|loc\b", re.IGNORECASE)


def test_the_files_as_they_are_have_no_fault(sandbox: Sandbox) -> None:
    for path in sandbox.root.glob("Pulumi.*.yaml"):
        read(path)


@pytest.mark.parametrize(
    ("changes", "path", "problem", "remedy"),
    [
        ({"residency__boundary": "eurp"}, "residency.boundary", "there is no boundary 'eurp'", "did you mean eu"),
        ({"residency__boundary": "germany"}, "residency.boundary", "there is no boundary 'germany'", "did you mean de"),
        ({"placement__account_id": "12345"}, "placement.account_id", "'12345' is not an AWS account id", "12 digits"),
        ({"placement__account_id": 123456789012}, "placement.account_id", "must be text", 'quotes: "123456789012"'),
        ({"placement__account_id": "12345678901²"}, "placement.account_id", "is not an AWS account id", "digits"),
        ({"placement__cloud": "awss"}, "placement.cloud", "must be one of aws", "did you mean aws?"),
        ({"workload__events_per_second__peak": 20}, "workload.events_per_second.peak", "below the average", "50 or"),
        ({"workload__event_bytes": -1}, "workload.event_bytes", "must be 1 or more, and is the number -1", "Bytes of"),
        ({"workload__event_bytes": 2_000_000}, "workload.event_bytes", "must be 1048576 or less", "Bytes of one"),
        ({"workload__event_bytes": "12"}, "workload.event_bytes", "whole number, and is the text '12'", "without quo"),
        ({"workload__event_bytes": 1.5}, "workload.event_bytes", "must be a whole number", "Bytes of one event"),
        ({"workload__events_per_second": [1, 2]}, "workload.events_per_second", "is a list", "average: 30000"),
        ({"workload": None}, "workload", "workload is missing", "events_per_second: {average: 30000"),
        ({"latency": "fast"}, "latency", "one of realtime, interactive, economy", "How fast events must arrive"),
        ({"latency": "interactiv"}, "latency", "is the text 'interactiv'", "did you mean interactive?"),
        ({"protect": "maybe"}, "protect", "must be true or false", "two keys"),
        ({"retention__cool_days": 20}, "retention.cool_days", "retention shrinks: cool_days is 20", "set cool_days"),
        ({"retention__delete_after_days": 59}, "retention.delete_after_days", "retention shrinks", "60 or more"),
        ({"retention__hot_days": 10}, "retention.hot_days", "STANDARD_IA on day 10; the earliest", "30 or more"),
        ({"retention__cool_days": 40}, "retention.cool_days", "STANDARD_IA for 10 days", "cool_days to 60 or more"),
        ({"retention__delete_after_days": 100}, "retention.delete_after_days", "GLACIER_IR for 40 days", "150 or more"),
        ({"retention__replay_hours": 9000}, "retention.replay_hours", "must be 8760 or less", "24 to 8760"),
        ({"network__allowed_cidrs": []}, "network.allowed_cidrs", "allowed_cidrs is empty", "mode: private"),
        ({"network__mode": "private"}, "network.allowed_cidrs", "is set and mode is private", "Remove allowed_cidrs"),
        ({"network__allowed_cidrs": ["0.0.0.0/0"]}, "network.allowed_cidrs[0]", "0.0.0.0/0 is the whole", "private"),
        ({"network__allowed_cidrs": ["::/0"]}, "network.allowed_cidrs[0]", "::/0 is the whole internet", "private"),
        ({"network__allowed_cidrs": ["128.0.0.0/1"]}, "network.allowed_cidrs[0]", "a large part", "private"),
        ({"network__allowed_cidrs": ["10.1.0.1/16"]}, "network.allowed_cidrs[0]", "CIDR", "did you mean 10.1.0.0/16?"),
        ({"network__allowed_cidrs": ["office"]}, "network.allowed_cidrs[0]", "'office' is not a network", "203.0.113"),
        ({"budget__monthly_usd": 0}, "budget.monthly_usd", "a budget of 0 US dollars a month is none", "remove budget"),
        ({"budget__monthly_usd": -3}, "budget.monthly_usd", "a budget of -3 US dollars", "remove budget"),
        ({"budget__monthly_usd": float("inf")}, "budget.monthly_usd", "must be a finite number", "US dollars"),
        ({"generation": 0}, "generation", "must be 1 or more", "1 to 99"),
        ({"environment": "Dev_1"}, "environment", "'Dev_1' cannot be part of resource names", "small letters"),
        ({"environment": "a-very-long-environment"}, "environment", "at most 12 characters", "physical name"),
        ({"owner__contact": "nobody"}, "owner.contact", "'nobody' is not an e-mail address", "example.com"),
        ({"owner__team": "<script>"}, "owner.team", "cannot be a label", "letters"),
        ({"owner__cost_center": 4711}, "owner.cost_center", "must be text, and is the number 4711", '"4711"'),
        ({"events": "events/clickstraem.yaml"}, "events", "there is no file", "did you mean events/clickstream.yaml?"),
        ({"events": "../../etc/passwd"}, "events", "not a path inside the project", "from the project's directory"),
        (
            {"processor": {"architecture": "arm"}},
            "processor.architecture",
            "one of arm64, x86_64",
            "did you mean arm64",
        ),
        ({"latncy": "economy"}, "latncy", "there is no key 'latncy' here", "did you mean latency?"),
        ({"owner__tem": "x"}, "owner.tem", "there is no key 'tem' here", "did you mean team?"),
        ({"region": "x"}, "region", "there is no key 'region' here", "region belongs under placement"),
        ({"zzz": 1}, "zzz", "there is no key 'zzz' here", "the keys here are blueprint, environment, owner"),
        ({"slo": {"freshness_minutes": 0}}, "slo.freshness_minutes", "must be 1 or more", "derived from latency"),
    ],
)
def test_its_own_sentence(sandbox: Sandbox, changes: dict[str, object], path: str, problem: str, remedy: str) -> None:
    fault = sandbox.fault(sandbox.changed(**changes))
    assert fault.path == f"homeshore:{path}"
    assert fault.file == "Pulumi.dev.yaml"
    assert fault.line is not None
    assert problem in fault.problem
    assert remedy in fault.remedy
    assert len(fault.consequence) > 20
    assert not JARGON.search(str(ConfigFaults([fault])))


def test_a_region_outside_the_boundary(sandbox: Sandbox) -> None:
    london = region_in("GB")
    fault = sandbox.fault(sandbox.changed(placement__region=london))
    assert fault.path == "homeshore:placement.region"
    assert f"the region {london} (GB, jurisdiction uk) lies outside the boundary eu" in fault.problem
    assert "leave its home shore" in fault.consequence
    assert region_in("DE") in fault.remedy
    assert "eu+uk" in fault.remedy


def test_an_unknown_region(sandbox: Sandbox) -> None:
    german = region_in("DE")
    fault = sandbox.fault(sandbox.changed(placement__region=german.replace("central", "centrall")))
    assert "AWS has no region" in fault.problem
    assert f"did you mean {german}" in fault.remedy


def test_a_region_of_another_cloud(sandbox: Sandbox) -> None:
    fault = sandbox.fault(sandbox.changed(placement__region=region_in("NL", "azure")))
    assert "azure has one of that name" in fault.problem


def test_a_location_that_is_no_region(sandbox: Sandbox) -> None:
    assert "as a global location" in sandbox.faults(sandbox.changed(placement__region="global"))[0].problem


def test_a_standby_outside_the_boundary_and_one_inside_it(sandbox: Sandbox) -> None:
    outside = sandbox.fault(sandbox.changed(standby__region=region_in("US")))
    assert outside.path == "homeshore:standby.region"
    assert f"the pair {region_in('DE')} and {region_in('US')} leaves the boundary eu" in outside.problem
    assert region_in("IE") in outside.remedy
    config = sandbox.read(sandbox.changed(standby__region=region_in("IE"))).config
    assert config.standby is not None
    assert config.standby.region == region_in("IE")


def test_a_region_outside_is_told_beside_another_fault_of_its_section(sandbox: Sandbox) -> None:
    path = sandbox.changed(placement__region=region_in("GB"), placement__account_id="1")
    assert {fault.path for fault in sandbox.faults(path)} == {
        "homeshore:placement.region",
        "homeshore:placement.account_id",
    }


@pytest.mark.parametrize("days", [(7, 7, 7), (30, 30, 120), (30, 60, 60), (1, 1, 91)])
def test_equal_days_skip_a_storage_class(sandbox: Sandbox, days: tuple[int, int, int]) -> None:
    hot, cool, delete = days
    sandbox.read(
        sandbox.changed(retention__hot_days=hot, retention__cool_days=cool, retention__delete_after_days=delete)
    )


def test_all_faults_stand_in_one_message_in_the_order_of_their_lines(sandbox: Sandbox) -> None:
    path = sandbox.changed(
        environment="X Y",
        owner__contact="me",
        placement__region=region_in("US"),
        workload__events_per_second__peak=1,
        latncy="x",
        budget__monthly_usd=0,
        events="nothing.yaml",
    )
    faults = sandbox.faults(path)
    assert len(faults) == 7
    assert [fault.line for fault in faults] == sorted(fault.line or 0 for fault in faults)
    with pytest.raises(ConfigFaults) as raised:
        read(path)
    text = str(raised.value)
    assert text.startswith("Pulumi.dev.yaml: 7 faults. Nothing was done.")
    assert all(f"Pulumi.dev.yaml:{fault.line}" in text and fault.path in text for fault in faults)


@pytest.mark.parametrize("width", [80, 120])
def test_folded_lines_fit_the_terminal(sandbox: Sandbox, width: int) -> None:
    path = sandbox.changed(placement__region=region_in("US"), latency="fast", protect="maybe")
    with pytest.raises(ConfigFaults) as raised:
        read(path)
    text = raised.value.render(width)
    assert max(len(line) for line in text.splitlines()) <= width
    assert text.split() == str(raised.value).split()


def test_faults_survive_the_way_between_processes() -> None:
    faults = ConfigFaults([Fault("f", 3, "p", "a", "b", "c")])
    assert pickle.loads(pickle.dumps(faults)).faults == faults.faults


@pytest.mark.parametrize(
    ("key", "problem", "remedy"),
    [
        ("aws:region", "configures the ambient provider", "homeshore:placement says"),
        ("aws:config:profile", "configures the ambient provider", "Remove it"),
        ("azure-native:location", "configures the ambient provider", "Remove it"),
        ("pulumi:disable-default-providers", "would change the engine for this stack alone", "Pulumi.yaml"),
        ("homeshroe:latency", "nothing reads the namespace 'homeshroe'", "did you mean homeshore:latency?"),
        ("other:thing", "nothing reads the namespace 'other'", "start with homeshore:"),
    ],
)
def test_keys_of_other_namespaces(sandbox: Sandbox, key: str, problem: str, remedy: str) -> None:
    fault = sandbox.fault(sandbox.write(f"{sandbox.stack_text()}  {key}: x\n"))
    assert fault.path == key
    assert problem in fault.problem
    assert remedy in fault.remedy


def test_keys_at_the_top_level(sandbox: Sandbox) -> None:
    text = sandbox.stack_text()
    fault = sandbox.fault(sandbox.write(f"{text}homeshore:latency: economy\n"))
    assert "below config:, as homeshore:latency" in fault.remedy
    misspelt, missing = sandbox.faults(sandbox.write(text.replace("config:", "confg:")))
    assert missing.problem == "config is missing"
    assert misspelt.remedy == "did you mean config?"
    assert sandbox.fault(sandbox.write("config: [1]")).problem == "config is not a mapping of keys"
    sandbox.read(sandbox.write(f"{text}encryptionsalt: v1:abc\nsecretsprovider: passphrase\n"))


def test_the_same_key_in_two_spellings(sandbox: Sandbox) -> None:
    fault = sandbox.fault(sandbox.write(f"{sandbox.stack_text()}  protect: true\n"))
    assert "says again what homeshore:protect says" in fault.problem


PLANTED = "v1:PLANTED-SECRET-4711"


@pytest.mark.parametrize(
    "line",
    [
        f"  homeshore:generation: {{secure: {PLANTED}}}",
        f"  homeshore:nothing: {{secure: {PLANTED}}}",
        f"  homeshore:slo: {{freshness_minutes: {{secure: {PLANTED}}}}}",
        f"  homeshore:slo: {{secure: {PLANTED}}}",
        f"  aws:secretKey: {{secure: {PLANTED}}}",
        f"  homeshore:slo: [{{secure: {PLANTED}}}]",
        f"  homeshore:generation: {{secure: {PLANTED}, other: 1}}",
        f"  homeshore:generation: {{secure: [{PLANTED}]}}",
        f"  homeshore:generation: {{secure: {PLANTED}",
        f"  homeshore:generation: {{secure: {PLANTED}}}\n  homeshore:generation: {{secure: {PLANTED}}}",
    ],
)
def test_an_encrypted_value_is_refused_and_never_shown(sandbox: Sandbox, line: str) -> None:
    faults = sandbox.faults(sandbox.write(f"{sandbox.stack_text()}{line}\n"))
    assert "PLANTED" not in str(ConfigFaults(faults)) + repr(faults)


def test_an_encrypted_value_says_what_to_do(sandbox: Sandbox) -> None:
    fault = sandbox.fault(sandbox.write(f"{sandbox.stack_text()}  homeshore:generation: {{secure: {PLANTED}}}\n"))
    assert fault.problem == "the value is encrypted"
    assert "without --secret" in fault.remedy
