"""The Cloud Run worker as a process of its own, on emulators: all of it but Secret Manager, which nobody emulates."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import cast

from processor.gcp_pubsub import Limits, WorkerSettings, pull
from processor.gcs import Bucket, GcsStore
from processor.pipeline import KeyCache, Pipeline
from processor.schema import Contract

CONTRACT = "HOMESHORE_DEMO_CONTRACT"


def main() -> int:
    """Work until SIGTERM, with the adapter's own limits; the exit code is its own."""
    from google.cloud import storage

    settings = WorkerSettings.read(os.environ)
    # The library is typed in part; Bucket says what is used of it.
    bucket = cast("Bucket", storage.Client().bucket(settings.bucket))  # pyright: ignore[reportUnknownMemberType]
    contract = Contract.from_json(Path(os.environ[CONTRACT]).read_bytes())
    keys = KeyCache(lambda: Path(settings.secret).read_text(encoding="utf-8"))
    return pull(settings, Pipeline(settings, contract, GcsStore(bucket), keys), Limits())


if __name__ == "__main__":
    sys.exit(main())
