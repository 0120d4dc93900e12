"""Models that are asked wherever Google has room: an endpoint that is in no place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.gcp.places import SETTING
from policies.rules import Case, Said, rule

RUNS_CODE: Final = (
    *("gcp:cloudfunctions/function:Function", "gcp:cloudfunctionsv2/function:Function"),
    *("gcp:cloudrunv2/service:Service", "gcp:cloudrunv2/job:Job", "gcp:cloudrunv2/workerPool:WorkerPool"),
    *("gcp:cloudrun/service:Service", "gcp:dataflow/job:Job", "gcp:dataflow/flexTemplateJob:FlexTemplateJob"),
)
ANYWHERE: Final = re.compile(r"(?:^|/)locations/global/(?:publishers|endpoints)/", re.IGNORECASE)


@rule("SOV-GCP-001", *RUNS_CODE)
def models_have_a_place(case: Case) -> Iterator[Said]:
    """No setting names a model of Vertex AI in the location `global`, which any region of the world may answer."""
    if case.stack.boundary is None:
        return
    for leaf in case.resource.leaves:
        if SETTING.search(leaf.path) and ANYWHERE.search(leaf.text):
            yield case.fail(leaf.path, f"{leaf.path} asks a model in the location global: any region may answer")
