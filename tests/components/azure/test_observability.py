"""What is watched on Azure: alarms and workbook as data, diagnostic settings, the action group and the budget."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

import geography
from components.azure import signals
from components.azure.observability import processing_region
from homeshore.engine import Resource
from homeshore.errors import UserError
from processor.pipeline import METRICS
from tests.components.azure.conftest import of_type
from tests.components.azure.pipeline import SINK, WATCH, Case, recorded
from tests.components.azure.program import HOME

BUILT = recorded(Case())
WATCHED = signals.Watched("/namespaces/n", "the-app", "the-job", "/workspaces/W")
ALARMS = {alarm.name: alarm for alarm in signals.query_alarms(WATCHED, WATCH, SINK.refresh_minutes)}


def one(kind: str, name: str) -> Resource:
    return of_type(BUILT, kind)[name]


def test_every_part_writes_into_the_workspace() -> None:
    settings = of_type(BUILT, "monitor:DiagnosticSetting")
    written = {
        name.removeprefix("pipeline-observability-").removesuffix("-diagnostics"): (
            [log.get("categoryGroup", log.get("category")) for log in setting.inputs["logs"]],
            bool(setting.inputs["metrics"]),
        )
        for name, setting in settings.items()
    }
    every = ["allLogs"]
    assert written == {
        "vault": (every, False),
        "lake": (every, False),
        "failed": (every, False),
        "host": (["StorageRead", "StorageDelete"], False),
        "flows": (every, False),
        "stream": (every, True),
        "processor": ([], True),
        "jobs": (["ContainerAppConsoleLogs", "ContainerAppSystemLogs"], False),
        "images": (["ContainerRegistryLoginEvents", "ContainerRegistryRepositoryEvents"], False),
        "sql": (
            ["SynapseRbacOperations", "GatewayApiRequests", "BuiltinSqlReqsEnded", "SQLSecurityAuditEvents"],
            False,
        ),
    }
    workspace = one("operationalinsights:Workspace", "pipeline-logs").inputs["workspaceName"]
    for setting in settings.values():
        assert setting.inputs["workspaceId"].endswith(f"/workspaces/{workspace}")
        assert len(setting.dependencies) >= 3, setting.urn


def test_every_store_is_among_them() -> None:
    watched = {s.inputs["resourceUri"] for s in of_type(BUILT, "monitor:DiagnosticSetting").values()}
    for account in of_type(BUILT, "storage:StorageAccount").values():
        name = account.inputs["accountName"]
        assert any(f"/storageAccounts/{name}/blobServices/default" in uri for uri in watched), name


def test_all_alarms_tell_the_one_group() -> None:
    group = one("monitor:ActionGroup", "pipeline-observability").inputs
    (receiver,) = group["emailReceivers"]
    assert receiver["emailAddress"] == WATCH.contact
    assert len(group["groupShortName"]) <= 12
    told = f"/actionGroups/{group['actionGroupName']}"
    rules = of_type(BUILT, "monitor:ScheduledQueryRule")
    metrics = of_type(BUILT, "monitor:MetricAlert")
    assert rules.keys() == {f"pipeline-observability-{name}" for name in ALARMS}
    assert metrics.keys() == {f"pipeline-observability-{signal.name}" for signal in signals.metric_alarms()}
    for rule in rules.values():
        assert [action.endswith(told) for action in rule.inputs["actions"]["actionGroups"]] == [True]
        assert rule.inputs["location"] == HOME
    for alert in metrics.values():
        assert [action["actionGroupId"].endswith(told) for action in alert.inputs["actions"]] == [True]
        assert alert.inputs["location"] == "global"


def test_the_thresholds_by_value() -> None:
    assert {name: (alarm.measure, alarm.threshold, alarm.window) for name, alarm in ALARMS.items()} == {
        "event-age": ("AgeMs", 61_000, "PT5M"),
        "errors": ("Failed", 0, "PT5M"),
        "dead-letters": ("Percent", 5, "PT15M"),
        "freshness": ("Stalled", 0, "PT30M"),
        "lakehouse": ("Missing", 0, "PT2H"),
    }
    freshness = one("monitor:ScheduledQueryRule", "pipeline-observability-freshness").inputs
    (condition,) = freshness["criteria"]["allOf"]
    assert (condition["metricMeasureColumn"], condition["operator"], condition["threshold"]) == (
        "Stalled",
        "GreaterThan",
        0,
    )
    throttles = one("monitor:MetricAlert", "pipeline-observability-write-throttles").inputs
    (criterion,) = throttles["criteria"]["allOf"]
    assert (criterion["metricName"], criterion["timeAggregation"], criterion["threshold"]) == (
        "ThrottledRequests",
        "Total",
        0,
    )


def test_each_query_makes_the_column_that_is_compared() -> None:
    for alarm in ALARMS.values():
        assert re.search(rf"\b{alarm.measure} = ", alarm.query), alarm.name
        assert "the-app" in alarm.query or "the-job" in alarm.query, alarm.name
        assert alarm.breaches <= alarm.periods


def test_a_table_that_is_not_there_yet_does_not_silence_an_alarm() -> None:
    joined = [alarm.name for alarm in ALARMS.values() if "union" in alarm.query]
    assert joined == ["freshness", "lakehouse"]
    for name in joined:
        assert re.match(r"union isfuzzy=true\n\(", ALARMS[name].query), name
        assert ALARMS[name].query.count("union") == 1


def test_a_run_is_found_by_the_beginning_of_its_name() -> None:
    assert (
        'ContainerAppConsoleLogs\n| where JobName startswith "the-job" or ContainerGroupName startswith "the-job"\n'
        '| where Log has "lakehouse refreshed"'
    ) in ALARMS["lakehouse"].query


def test_the_queries_ask_for_what_the_programs_say() -> None:
    asked = set(re.findall(r"line\.(\w+)", "".join(alarm.query for alarm in ALARMS.values())))
    assert asked <= {*METRICS, "Namespace", "AgeMs"}
    charted = set(re.findall(r"line\.(\w+)", signals.workbook(WATCHED, WATCH)))
    assert charted == {*METRICS, "Namespace", "AgeMs"}


@pytest.mark.parametrize(("minutes", "window"), [(1, 5), (5, 5), (6, 10), (46, 60), (61, 120), (9999, 2880)])
def test_a_window_is_one_that_azure_has(minutes: int, window: int) -> None:
    assert signals.window(minutes) == window


@pytest.mark.parametrize(("minutes", "text"), [(5, "PT5M"), (60, "PT1H"), (2880, "PT48H")])
def test_a_duration_by_value(minutes: int, text: str) -> None:
    assert signals.duration(minutes) == text


def test_the_freshness_alarm_does_not_look_closer_than_metrics_arrive() -> None:
    closest = signals.query_alarms(WATCHED, replace(WATCH, freshness_minutes=1), 60)
    assert next(alarm.window for alarm in closest if alarm.name == "freshness") == "PT15M"


def test_the_workbook_is_one_document_over_the_workspace() -> None:
    workbook = one("applicationinsights:Workbook", "pipeline-observability-workbook").inputs
    body = json.loads(workbook["serializedData"])
    assert body["version"] == "Notebook/1.0"
    assert len(body["items"]) == 6
    workspace = one("operationalinsights:Workspace", "pipeline-logs").inputs["workspaceName"]
    for item in body["items"]:
        assert item["content"]["crossComponentResources"][0].endswith(workspace)
    assert workbook["sourceId"] == workbook["sourceId"].lower()
    assert str(BUILT.outputs["dashboard"]).endswith(f"/workbooks/{workbook['resourceName']}/workbook")


def test_the_budget_by_value() -> None:
    budget = one("consumption:Budget", "pipeline-observability-budget").inputs
    assert budget["scope"].endswith(f"/resourceGroups/{budget['scope'].rpartition('/')[2]}")
    assert (budget["amount"], budget["timeGrain"]) == (9000.5, "Monthly")
    assert budget["timePeriod"] == {"startDate": "2026-12-01T00:00:00Z"}
    assert {name: (n["threshold"], n["thresholdType"]) for name, n in budget["notifications"].items()} == {
        "spent": (80, "Actual"),
        "forecast": (100, "Forecasted"),
    }


def test_a_stack_without_a_budget_has_none() -> None:
    assert not of_type(recorded(Case(budget=False)), "consumption:Budget")


def test_a_budget_without_its_first_day_is_refused() -> None:
    with pytest.raises(UserError, match=r"budget\.starts"):
        recorded(Case(dated=False))


@pytest.mark.parametrize("place", [r for r in geography.regions("azure") if r.kind == "region"], ids=lambda r: r.name)
def test_the_contacts_address_stays_inside_the_boundary_where_azure_can(place: geography.Region) -> None:
    boundary = geography.boundary(place.jurisdiction)
    chosen = processing_region(place.name, place.jurisdiction)
    offered = signals_regions()
    if chosen == "global":
        assert not [name for name in offered if boundary.holds(geography.region("azure", name))]
    else:
        assert chosen in offered
        assert boundary.holds(geography.region("azure", chosen))
        assert (place.name in offered) == (chosen == place.name)


def signals_regions() -> tuple[str, ...]:
    from components.azure.observability import _processing_regions

    return _processing_regions()
