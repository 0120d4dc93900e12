"""The standby on Azure: a second region of its own, and what pairs its stream with the primary's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from components.azure.names import NAMESPACE_LIMIT
from components.azure.place import group_name
from components.naming import Names
from homeshore.engine import ProgramFailed, Resource, Snapshot
from tests.components.azure.conftest import made, of_type
from tests.components.azure.program import CLUSTER, HOME, SUBSCRIPTION
from tests.components.azure.whole import MAXIMAL, OTHER, PUBLIC, STANDBY, provider_of, whole
from validity.walk import check

EVERY = pytest.mark.parametrize("changes", [{}, MAXIMAL, PUBLIC], ids=["minimal", "maximal", "public"])
HERE, THERE = (Names("test", 1, SUBSCRIPTION, region) for region in (HOME, OTHER))
HUGE = {"workload": {"events_per_second": {"average": 200000, "peak": 500000}, "event_bytes": 1024}}
WARNING = "the standby starts with an empty lake"
LEFT_TO_THE_PAIRING = {"EventHub", "ConsumerGroup", "SchemaRegistry"}
"""Nothing is declared in a partner namespace: it must be empty when it is paired, and is read-only afterwards."""


def alias_of(snapshot: Snapshot) -> Resource:
    (alias,) = of_type(snapshot, "eventhub:DisasterRecoveryConfig").values()
    return alias


def urns(snapshot: Snapshot, *names: str) -> set[str]:
    found = {r.urn for r in snapshot.resources if r.managed and r.name in names}
    assert len(found) == len(names)
    return found


@EVERY
def test_each_region_has_a_group_and_a_provider_that_is_held_to_it(changes: dict[str, object]) -> None:
    snapshot = whole(changes, STANDBY).snapshot
    providers = {r.name: r.inputs["location"] for r in snapshot.resources if r.is_provider}
    assert providers == {"primary": HOME, "standby": OTHER}
    groups = {r.inputs["resourceGroupName"]: r for r in of_type(snapshot, "resources:ResourceGroup").values()}
    assert {provider_of(snapshot, group) for group in groups.values()} == {"primary", "standby"}
    seen: Counter[str] = Counter()
    for resource in made(snapshot):
        inside = "StandbyPipeline$" in resource.urn
        assert provider_of(snapshot, resource) == ("standby" if inside else "primary"), resource.urn
        seen[str(inside)] += 1
        if resource.inputs.get("location", "global") != "global" and "ActionGroup" not in resource.type:
            assert resource.inputs["location"] == (OTHER if inside else HOME), resource.urn
    assert min(seen.values()) > 50


@EVERY
def test_no_two_things_share_a_name(changes: dict[str, object]) -> None:
    def called(resource: Resource) -> tuple[str, ...]:
        """All names and places in the inputs: what makes up the resource's identifier is among them."""
        flat = {key: value for key, value in resource.inputs.items() if isinstance(value, str)}
        return tuple(value for key, value in sorted(flat.items()) if key.endswith(("Name", "name", "scope", "Uri")))

    snapshot = whole(changes, STANDBY).snapshot
    taken = Counter((r.type, called(r)) for r in made(snapshot))
    assert [name for name, times in taken.items() if times > 1] == []
    for kind, name in (("storage:StorageAccount", "accountName"), ("keyvault:Vault", "vaultName")):
        world = [r.inputs[name] for r in of_type(snapshot, kind).values()]
        assert len(set(world)) == len(world) > 1


@EVERY
def test_azure_would_refuse_nothing(changes: dict[str, object]) -> None:
    for resource in made(whole(changes, STANDBY).snapshot):
        assert check(resource.type, resource.inputs) == (), resource.urn


def test_what_stands_by_writes_into_its_own_workspace_as_the_primary_does() -> None:
    """What the primary has and the standby has not is the SQL, its jobs and their images."""
    snapshot = whole(STANDBY).snapshot
    settings = of_type(snapshot, "monitor:DiagnosticSetting")
    written = {
        side: {
            name.removeprefix(side).removesuffix("-diagnostics"): (setting.inputs["logs"], setting.inputs["metrics"])
            for name, setting in settings.items()
            if name.startswith(side)
        }
        for side in ("pipeline-observability-", "standby-")
    }
    first, second = written.values()
    assert first.keys() - second.keys() == {"jobs", "images", "sql"}
    assert second == {name: first[name] for name in second}
    workspace = of_type(snapshot, "operationalinsights:Workspace")["standby-access-logs"].inputs
    for name, setting in settings.items():
        if name.startswith("standby-"):
            place = f"/resourceGroups/{workspace['resourceGroupName']}/"
            assert place in str(setting.inputs["resourceUri"]), name
            assert place in str(setting.inputs["workspaceId"]), name
            assert str(setting.inputs["workspaceId"]).endswith(f"/workspaces/{workspace['workspaceName']}")


def test_the_pairing_by_value() -> None:
    alias = alias_of(whole(STANDBY).snapshot)
    namespaces = of_type(whole(STANDBY).snapshot, "eventhub:Namespace")
    primary, partner = (namespaces[f"{region}-stream-namespace"].inputs for region in ("pipeline", "standby"))
    assert alias.inputs == {
        "alias": primary["namespaceName"].replace("events", "failover"),
        "namespaceName": primary["namespaceName"],
        "resourceGroupName": group_name(HERE),
        "partnerNamespace": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group_name(THERE)}"
        f"/providers/Microsoft.EventHub/namespaces/{partner['namespaceName']}",
    }
    # Unique in the world, as a namespace is, 6 to 50 characters.
    assert 6 <= len(alias.inputs["alias"]) <= NAMESPACE_LIMIT
    assert (alias.protect, alias.retain_on_delete) == (True, True)


@EVERY
def test_both_namespaces_are_of_one_tier_and_nobody_signs_in_with_a_key(changes: dict[str, object]) -> None:
    namespaces = of_type(whole(changes, STANDBY).snapshot, "eventhub:Namespace").values()
    assert len(namespaces) == 2
    first, second = (namespace.inputs for namespace in namespaces)
    assert first["sku"] == second["sku"]
    assert first["disableLocalAuth"] is second["disableLocalAuth"] is True
    # A primary with a key of the customer's is paired only with a partner that has one: each has its own region's.
    keys = [namespace.get("encryption", {}).get("keyVaultProperties") for namespace in (first, second)]
    assert (keys[0] is None) is (keys[1] is None)
    assert keys[0] is None or keys[0] != keys[1]


def test_the_large_stacks_streams_are_encrypted_with_their_own_regions_keys() -> None:
    for namespace in of_type(whole(MAXIMAL, STANDBY).snapshot, "eventhub:Namespace").values():
        (key,) = namespace.inputs["encryption"]["keyVaultProperties"]
        group = namespace.inputs["resourceGroupName"]
        assert f"/resourceGroups/{group}/" in key["identity"]["userAssignedIdentity"]


@EVERY
def test_the_partner_is_empty_before_the_pairing(changes: dict[str, object]) -> None:
    snapshot = whole(changes, STANDBY).snapshot
    declared = {r.type.rpartition(":")[2] for r in made(snapshot) if r.type.startswith("azure-native:eventhub:")}
    assert declared > LEFT_TO_THE_PAIRING
    inside = [
        r.type.rpartition(":")[2] for r in made(snapshot) if "StandbyPipeline$" in r.urn and ":eventhub:" in r.type
    ]
    assert sorted(inside) == ["Namespace", "NamespaceNetworkRuleSet"]


@EVERY
def test_all_that_a_paired_namespace_would_refuse_is_made_before(changes: dict[str, object]) -> None:
    snapshot = whole(changes, STANDBY).snapshot
    before = set(alias_of(snapshot).dependencies)
    for region in ("pipeline", "standby"):
        # Azure pairs a primary that has a private endpoint only with a partner that has one too.
        assert before >= urns(
            snapshot,
            f"{region}-stream-namespace",
            f"{region}-stream-namespace-network-rules",
            f"{region}-network-stream",
        )
    assert before >= {next(iter(of_type(snapshot, f"eventhub:{kind}").values())).urn for kind in LEFT_TO_THE_PAIRING}


@EVERY
def test_who_reads_the_partners_hub_waits_for_the_pairing_that_makes_it(changes: dict[str, object]) -> None:
    snapshot = whole(changes, STANDBY).snapshot
    grants = of_type(snapshot, "authorization:RoleAssignment")
    here, there = (grants[f"{region}-processor-consume"] for region in ("pipeline", "standby"))
    assert alias_of(snapshot).urn in there.dependencies
    assert alias_of(snapshot).urn not in here.dependencies
    assert here.inputs["scope"].rpartition("/")[2] == there.inputs["scope"].rpartition("/")[2]
    app = of_type(snapshot, "web:WebApp")["standby-processor"]
    assert there.urn in app.dependencies


@EVERY
def test_each_region_writes_its_flows_through_its_own_watcher(changes: dict[str, object]) -> None:
    logs = of_type(whole(changes, STANDBY).snapshot, "network:FlowLog").values()
    assert {log.inputs["networkWatcherName"] for log in logs} == {f"NetworkWatcher_{r}" for r in (HOME, OTHER)}
    assert {log.inputs["resourceGroupName"] for log in logs} == {"NetworkWatcherRG"}
    assert len({log.inputs["flowLogName"] for log in logs}) == len({log.inputs["storageId"] for log in logs}) == 2


def test_producers_send_to_the_alias() -> None:
    outputs = whole(STANDBY).snapshot.outputs
    alias = alias_of(whole(STANDBY).snapshot).inputs["alias"]
    assert outputs["failover_endpoint"] == f"https://{alias}.servicebus.windows.net"
    assert len({outputs["failover_endpoint"], outputs["endpoint"], outputs["standby_endpoint"]}) == 3
    assert outputs["standby_pseudonym_secret"] != outputs["pseudonym_secret"]


@pytest.mark.parametrize(
    ("changes", "warned"),
    [({}, True), ({"storage": {"redundancy": "local"}}, True), ({"storage": {"redundancy": "pair"}}, False)],
)
def test_an_empty_lake_is_said_unless_azure_keeps_a_copy_elsewhere(changes: dict[str, object], warned: bool) -> None:
    assert (WARNING in whole(changes, STANDBY).said) is warned
    assert WARNING not in whole(changes).said


def test_adding_a_standby_changes_nothing_of_the_primary() -> None:
    def primary(snapshot: Snapshot) -> dict[str, Any]:
        return {r.urn: (r.inputs, r.protect, r.dependencies) for r in made(snapshot) if "StandbyPipeline" not in r.urn}

    before, after = primary(whole().snapshot), primary(whole(STANDBY).snapshot)
    added = after.keys() - before.keys()
    assert added == {alias_of(whole(STANDBY).snapshot).urn}
    assert {urn: after[urn] for urn in before} == before


def test_one_cluster_cannot_carry_both_streams() -> None:
    with pytest.raises(ProgramFailed, match=r"bring\.cluster and standby"):
        whole({**MAXIMAL, **HUGE, "bring": {"cluster": CLUSTER}}, STANDBY)


def test_namespaces_of_two_tiers_are_no_pair(refused: Callable[..., str]) -> None:
    message = refused(standby=True, partner={"tier": "Standard", "units": 3, "shards": 32})
    assert f"Premium in {HOME} and Standard in {OTHER}" in message


def test_nobody_queries_the_standbys_lake() -> None:
    accounts = of_type(whole(STANDBY).snapshot, "storage:StorageAccount").values()
    let_in = [account.inputs["networkRuleSet"]["resourceAccessRules"] for account in accounts]
    assert [len(rules) for rules in let_in if rules] == [1]
