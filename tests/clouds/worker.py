"""The Cloud Run worker as a process of its own, on emulators: all of it but Secret Manager, which nobody emulates."""

from __future__ import annotations

import os
import sys

import msgspec
from google.cloud import storage

from events.contract import SHIPPED, load
from processor.gcp_pubsub import Limits, WorkerSettings, pull
from processor.gcs import GcsStore
from processor.pipeline import KeyCache, Pipeline

if __name__ == "__main__":
    settings = WorkerSettings.read(os.environ)
    limits = msgspec.json.decode(os.environ["TEST_LIMITS"], type=Limits)
    store = GcsStore(storage.Client().bucket(settings.bucket))
    keys = KeyCache(lambda: os.environ["TEST_SECRET"])
    sys.exit(pull(settings, Pipeline(settings, load(SHIPPED), store, keys), limits))
