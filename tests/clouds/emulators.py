"""The policy about emulators that are missing: a skip on a developer's machine, a failure where they can be had.

A machine without an emulator skips with the reason. Where CI=true (the hosted runner sets it, and so does .ci/run), a
missing emulator fails, unless the machine cannot have it: no node for Azurite, no wheel of fake-gcs-server for it, no
gcloud with its Pub/Sub emulator or no Java.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar

import pytest

from homeshore.emulators import azurite as azure
from homeshore.emulators import google
from homeshore.emulators.azurite import Azurite
from homeshore.emulators.children import EmulatorMissing

ROOT = Path(__file__).parents[2]
Emulator = TypeVar("Emulator")


@contextlib.contextmanager
def required(emulator: AbstractContextManager[Emulator]) -> Iterator[Emulator]:
    """The emulator inside the block; a missing one skips, or fails where it could be had."""
    with contextlib.ExitStack() as running:
        try:
            started = running.enter_context(emulator)
        except EmulatorMissing as fault:
            if fault.obtainable and os.environ.get("CI") == "true":
                pytest.fail(str(fault))
            pytest.skip(str(fault) if fault.obtainable else f"{fault.what}, and this machine cannot have it")
        yield started


def azurite(directory: Path) -> AbstractContextManager[Azurite]:
    return required(azure.azurite(ROOT, directory))


def gcs(directory: Path) -> AbstractContextManager[int]:
    return required(google.gcs(directory))


def pubsub(directory: Path) -> AbstractContextManager[int]:
    return required(google.pubsub(directory))
