"""How Azure builds each component."""

from __future__ import annotations

from components.azure.baseline import Baseline
from components.azure.brought import BRING
from components.azure.bucket import Bucket
from components.azure.diagnostics import records
from components.azure.key import Key
from components.azure.logs import Logs
from components.azure.network import Network
from components.azure.observability import Observability
from components.azure.packages import packages
from components.azure.processor import Processor
from components.azure.provider import provider
from components.azure.sink import Sink
from components.azure.standby import Pair
from components.azure.stream import Stream
from components.contracts import Toolkit

TOOLKIT = Toolkit(
    packages=packages,
    provider=provider,
    key=Key,
    logs=Logs,
    bucket=Bucket,
    stream=Stream,
    network=Network,
    processor=Processor,
    sink=Sink,
    observability=Observability,
    records=records,
    pair=Pair,
    bring=BRING,
    baseline=Baseline,
)
