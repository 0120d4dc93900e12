"""The pages about the first deployment name what a stack on Azure uses, and what it registers."""

from __future__ import annotations

import fnmatch
import re
from pathlib import Path

from tests.components.azure.conftest import made, of_type
from tests.components.azure.whole import MAXIMAL, STANDBY, whole

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "first-up.md").read_text(encoding="utf-8").partition("## Azure\n")[2].partition("\n## ")[0]
NAMESPACES = {
    "app": "App",
    "applicationinsights": "Insights",
    "consumption": "Consumption",
    "containerregistry": "ContainerRegistry",
    "eventhub": "EventHub",
    "keyvault": "KeyVault",
    "managedidentity": "ManagedIdentity",
    "monitor": "Insights",
    "network": "Network",
    "operationalinsights": "OperationalInsights",
    "privatedns": "Network",
    "storage": "Storage",
    "synapse": "Synapse",
    "web": "Web",
}
"""The SDK's modules and the resource providers they speak to, but for the two that every subscription has."""
ALWAYS = {"authorization", "resources"}


def test_the_resource_providers_are_those_that_a_stack_uses() -> None:
    modules = {r.type.split(":")[1] for r in made(whole(MAXIMAL, STANDBY).snapshot)} - ALWAYS
    listed = re.sub(r"[\s\\]+", " ", PAGE.partition("for NAME in ")[2].partition(";")[0]).split()
    assert set(listed) == {NAMESPACES[module] for module in modules} | {"Sql"}
    assert len(set(listed)) == len(listed) == 13


def test_what_is_left_out_at_first_is_the_job_and_nothing_waits_for_it() -> None:
    snapshot = whole(MAXIMAL, STANDBY).snapshot
    (job,) = of_type(snapshot, "app:Job").values()
    (pattern,) = re.findall(r"--exclude '([^']+)'", PAGE)
    assert fnmatch.filter([r.urn for r in snapshot.resources], pattern) == [job.urn]
    assert [r.urn for r in snapshot.resources if job.urn in r.dependencies] == []
    # The registry that its image is pushed to is there then.
    (registry,) = of_type(snapshot, "containerregistry:Registry").values()
    (container,) = job.inputs["template"]["containers"]
    assert container["image"].startswith(f"{registry.inputs['registryName']}.azurecr.io/")


def test_both_pages_read_the_images_name_from_the_preview() -> None:
    selected = 'select(.type == "azure-native:app:Job") | .inputs.template.containers[0].image'
    assert selected in PAGE
    assert selected in (DOCS / "azure.md").read_text(encoding="utf-8")


def test_the_deployers_rights_are_those_that_the_stack_exercises() -> None:
    kinds = {
        r.type.partition(":authorization:")[2] for r in made(whole(MAXIMAL).snapshot) if ":authorization:" in r.type
    }
    assert kinds == {"RoleAssignment", "RoleDefinition"}
    for kind in kinds:
        assert f"{kind[0].lower()}{kind[1:]}s/write" in PAGE
