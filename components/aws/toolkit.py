"""How AWS builds each component."""

from __future__ import annotations

from components.aws.baseline import Baseline
from components.aws.brought import BRING
from components.aws.bucket import Bucket, access_logs
from components.aws.key import Key
from components.aws.network import network
from components.aws.observability import Observability
from components.aws.packages import packages
from components.aws.processor import Processor
from components.aws.provider import provider
from components.aws.sink import Sink
from components.aws.standby import Pair
from components.aws.stream import Stream
from components.contracts import Toolkit

TOOLKIT = Toolkit(
    packages=packages,
    provider=provider,
    key=Key,
    logs=access_logs,
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
