"""Fixtures of the clouds' tests: the emulators, one of each for the whole run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from homeshore.emulators.azurite import Azurite
from processor.core import Context
from processor.schema import Contract
from tests.clouds import emulators
from tests.clouds.lakes import Bucket
from tests.processor.batches import shared_context


@pytest.fixture(scope="session")
def contract() -> Contract:
    return shared_context().contract


@pytest.fixture
def bucket(tmp_path: Path) -> Bucket:
    return Bucket(tmp_path)


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    with emulators.azurite(tmp_path_factory.mktemp("azurite")) as running:
        yield running


@pytest.fixture(scope="session")
def gcs_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with emulators.gcs(tmp_path_factory.mktemp("gcs")) as port:
        yield port


@pytest.fixture(scope="session")
def pubsub_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with emulators.pubsub(tmp_path_factory.mktemp("pubsub")) as port:
        yield port


@pytest.fixture(scope="session")
def context() -> Context:
    return shared_context()
