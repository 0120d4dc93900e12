"""How AWS builds each component."""

from __future__ import annotations

from components.aws.bucket import Bucket
from components.aws.key import Key
from components.aws.network import Network
from components.aws.observability import Observability
from components.aws.processor import Processor
from components.aws.provider import provider
from components.aws.sink import Sink
from components.aws.stream import Stream
from components.contracts import Toolkit

TOOLKIT = Toolkit(
    provider=provider,
    key=Key,
    bucket=Bucket,
    stream=Stream,
    network=Network,
    processor=Processor,
    sink=Sink,
    observability=Observability,
)
