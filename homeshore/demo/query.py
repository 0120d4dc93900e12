"""Queries through Athena, in the workgroup that the stack declares."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from homeshore.demo.lake import Table
from homeshore.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient

POLL_SECONDS = 0.1
TIMEOUT_SECONDS = 120.0


def run(athena: AthenaClient, sql: str, *, database: str, workgroup: str) -> Table:
    """Run `sql` and wait for its result. Raises UserError with Athena's own reason when it fails."""
    started = athena.start_query_execution(
        QueryString=sql, QueryExecutionContext={"Database": database}, WorkGroup=workgroup
    )
    query = started["QueryExecutionId"]
    _wait(athena, query)
    pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=query)
    rows = [
        tuple(cell.get("VarCharValue") for cell in row.get("Data", []))
        for page in pages
        for row in page["ResultSet"].get("Rows", [])
    ]
    if not rows:
        return Table((), ())
    return Table(tuple(name or "" for name in rows[0]), tuple(rows[1:]))


def _wait(athena: AthenaClient, query: str) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        status = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"].get("Status", {})
        state = status.get("State")
        if state == "SUCCEEDED":
            return
        if state in ("FAILED", "CANCELLED"):
            reason = status.get("StateChangeReason", "no reason given")
            raise UserError(f"Athena query {query} {state.lower()}: {reason}")
        time.sleep(POLL_SECONDS)
    raise UserError(f"Athena query {query}: no result after {TIMEOUT_SECONDS:.0f} s")
