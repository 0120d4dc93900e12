"""How Google Cloud builds each component."""

from __future__ import annotations

from components.contracts import Toolkit
from components.gcp.baseline import Baseline
from components.gcp.brought import BRING
from components.gcp.bucket import Bucket
from components.gcp.key import Key
from components.gcp.logs import Logs
from components.gcp.network import network
from components.gcp.observability import Observability
from components.gcp.packages import packages
from components.gcp.processor import Processor
from components.gcp.provider import provider
from components.gcp.sink import Sink
from components.gcp.standby import Pair
from components.gcp.stream import Stream

TOOLKIT = Toolkit(
    packages=packages,
    provider=provider,
    key=Key,
    logs=Logs,
    bucket=Bucket,
    stream=Stream,
    network=network,
    processor=Processor,
    sink=Sink,
    observability=Observability,
    records=None,
    pair=Pair,
    bring=BRING,
    baseline=Baseline,
)
