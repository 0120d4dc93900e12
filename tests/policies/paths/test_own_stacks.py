"""Our own stacks: nothing leaves, nothing is lost, and what each store leads to is what the pipeline is built to do."""

from __future__ import annotations

from functools import cache

import pytest

from homeshore.check.policy import plain
from policies.paths import Chart, Verdict, chart
from policies.subject import stack
from tests.policies.test_own_stacks import documents, of, snapshot


@cache
def drawn(name: str) -> Chart:
    return chart(stack(name, map(plain, snapshot(name).resources)))


def ends(name: str, store: str) -> set[str]:
    """Where the bytes of a store can get, by the names of the resources."""
    return {path.to for one in drawn(name).stores if one.name == store for path in one.paths}


@pytest.mark.parametrize("name", list(documents()))
def test_no_path_leaves_and_no_record_vanishes(name: str) -> None:
    found = drawn(name)
    assert found.bounded
    told = found.ending(Verdict.LEAVES, Verdict.VANISHES, Verdict.UNKNOWN)
    assert [(store.name, path.to, path.hops[-1]) for store, path in told] == []
    assert found.stores or of(name)[1]  # a baseline of AWS holds no data


@pytest.mark.parametrize("name", list(documents()))
def test_whoever_is_named_is_who_gets_the_alarms(name: str) -> None:
    told = {(store.name, path.hops[-1].kind) for store, path in drawn(name).ending(Verdict.NAMED)}
    assert told <= {("pipeline-observability", "delivery")}


def test_the_stream_of_aws_leads_to_the_lake_and_what_fails_is_kept() -> None:
    assert ends("homeshore-dev", "pipeline-stream") == {
        *("pipeline-processor", "pipeline-lake", "pipeline-failed-batches", "pipeline-access-logs"),
        *("pipeline-processor-log", "pipeline-key"),
    }


def test_the_stream_of_azure_leads_to_the_lake_and_the_logs() -> None:
    found = ends("homeshore-dev-azure", "pipeline-stream")
    assert {"pipeline-stream-namespace", "pipeline-processor", "pipeline-lake", "pipeline-access-logs"} <= found


def test_the_stream_of_gcp_leads_to_the_lake_and_its_dead_letters() -> None:
    found = ends("homeshore-dev-gcp", "pipeline-stream")
    assert {"pipeline-stream-processor", "pipeline-stream-dead-letters", "pipeline-failed-batches"} <= found
    assert {"pipeline-lake", "pipeline-key"} <= found


@pytest.mark.parametrize("name", ["aws-maximum", "gcp-maximum"])
def test_the_lake_is_copied_to_its_standby(name: str) -> None:
    assert "standby-lake" in ends(name, "pipeline-lake")
