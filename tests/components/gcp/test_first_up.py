"""The page about the first deployment names the APIs that a stack's resources need, and the resources that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from homeshore.engine import Resource
from tests.components.gcp.conftest import LARGE, GcpPreview
from tests.components.gcp.recording import of_type
from tests.components.gcp.test_standby import WITH

PAGE = (Path(__file__).parents[3] / "docs" / "first-up.md").read_text(encoding="utf-8")
APIS = {
    "billing": "billingbudgets",
    "cloudrunv2": "run",
    "kms": "cloudkms",
    "serviceaccount": "iam",
    "bigquery/dataTransferConfig": "bigquerydatatransfer",
    "projects/iAMCustomRole": "iam",
    "projects/iAMMember": "cloudresourcemanager",
    "projects/serviceIdentity": "serviceusage",
    "storage/transferJob": "storagetransfer",
}
"""The API of a module, or of one resource of it, where it has another name."""


def api(resource: Resource) -> str:
    """The API that makes the resource."""
    path = resource.type.split(":")[1]
    module = path.partition("/")[0]
    return APIS.get(path, APIS.get(module, module))


def test_the_apis_are_those_that_a_stack_uses(gcp_preview: GcpPreview) -> None:
    used = {f"{api(each)}.googleapis.com" for each in gcp_preview({**LARGE, **WITH}).resources if each.managed}
    command = PAGE.partition("gcloud services enable")[2].partition("\n\n")[0]
    assert set(re.findall(r"[a-z]+\.googleapis\.com", command)) == used
    assert len(used) == 18


@pytest.mark.parametrize("token", ["gcp:cloudrunv2/workerPool:WorkerPool"])
def test_what_is_left_out_at_first_is_all_that_needs_the_image(gcp_preview: GcpPreview, token: str) -> None:
    snapshot = gcp_preview({**LARGE, **WITH})
    pools = of_type(snapshot, token)
    assert len(pools) == 2
    assert f"--exclude '**${token}::**'" in PAGE
    assert f'.type == "{token}"' in PAGE
    pattern = re.compile(rf".*\${re.escape(token)}::.*")
    assert {each.name for each in snapshot.resources if pattern.fullmatch(each.urn)} == set(pools)
    assert not [each.urn for each in snapshot.resources if {p.urn for p in pools.values()} & set(each.dependencies)]


def test_the_agents_that_nobody_makes_are_those_without_an_identity(gcp_preview: GcpPreview) -> None:
    found = gcp_preview({**LARGE, **WITH}).resources
    made = {str(each.inputs["service"]) for each in found if each.type.endswith(":ServiceIdentity")}
    agents = {
        match
        for each in found
        for match in re.findall(r"serviceAccount:\S+@\S+\.iam\.gserviceaccount\.com", str(each.inputs.get("member")))
        if "homeshore-example.iam" not in match
    }
    assert {"bigquery.googleapis.com", "storagetransfer.googleapis.com"}.isdisjoint(made)
    assert len(agents) == len(made) + 2
