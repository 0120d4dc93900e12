"""Fixtures of the processor's tests: the shipped contract and a context with a known key."""

from __future__ import annotations

import pytest

from processor.core import Context
from processor.schema import Contract
from tests.processor.batches import shared_context


@pytest.fixture(scope="session")
def contract() -> Contract:
    return shared_context().contract


@pytest.fixture(scope="session")
def context() -> Context:
    return shared_context()
