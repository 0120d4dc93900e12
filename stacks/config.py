"""The typed configuration of a stack, and the two ways to read it: from a file, and inside a Pulumi program."""

from __future__ import annotations

from stacks.models import (
    Budget,
    EventRate,
    Latency,
    Network,
    Owner,
    ProcessorSettings,
    Removal,
    Residency,
    Retention,
    Slo,
    StackConfig,
    Standby,
    Workload,
)

__all__ = [
    "Budget",
    "EventRate",
    "Latency",
    "Network",
    "Owner",
    "ProcessorSettings",
    "Removal",
    "Residency",
    "Retention",
    "Slo",
    "StackConfig",
    "Standby",
    "Workload",
]
