"""What a judgement of resources says: plain data that every judge makes and every report reads. Leaf, stdlib only."""

from __future__ import annotations

from findings.model import (
    CATEGORIES,
    Category,
    DeclaredTransfer,
    Enforcement,
    Exempted,
    Finding,
    Judgement,
    NotJudged,
    Report,
    Severity,
    State,
    States,
    Undetermined,
)

__all__ = [
    "CATEGORIES",
    "Category",
    "DeclaredTransfer",
    "Enforcement",
    "Exempted",
    "Finding",
    "Judgement",
    "NotJudged",
    "Report",
    "Severity",
    "State",
    "States",
    "Undetermined",
]
