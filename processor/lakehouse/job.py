"""The program of the Container Apps job: settings from the environment, one run, one log line, exit code.

It acts as the one user-assigned identity that was granted the roles; Container Apps offers its tokens at
IDENTITY_ENDPOINT, which azure-identity and delta-rs's object store both know. SIGTERM ends it after the commit at hand;
a SIGKILL does no harm either (see refresh.py).
"""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import msgspec
from azure.identity import ManagedIdentityCredential
from azure.storage.blob import ContainerClient
from deltalake.exceptions import CommitFailedError

from processor.lakehouse.bronze import CHUNK_BYTES, CHUNK_MEMORY_MIB, Container
from processor.lakehouse.engine import memory_mib
from processor.lakehouse.refresh import DAYS, LEAST_REPEAT_HOURS, REPEAT_HOURS, Counts, Plan, refresh, utc_today
from processor.lakehouse.tables import Place
from processor.lakehouse.views import connector, make_views, scope
from processor.pipeline import print_line
from processor.schema import Contract
from processor.sql import synapse

CONNECT_SECONDS = 5
READ_SECONDS = 60
_REQUIRED = ("account", "bucket", "identity", "keep_days")
TAKING = 0.6
"""Of a run's time; the rest is for the chunk at hand, the day's upkeep, gold and the views."""


class Settings(msgspec.Struct, frozen=True):
    """What the stack tells the job: HOMESHORE_ACCOUNT, the blob URL; _BUCKET, the container; _IDENTITY, a client id;

    _KEEP_DAYS after which events leave silver. Optional: _SQL, Synapse's serverless host, with the _DATABASE to make
    there; _DAYS of arrival that a run looks at; _REPEAT_HOURS (24 or more) within which an event may come again;
    _SECONDS after which the platform ends a run.
    """

    account: str
    bucket: str
    identity: str
    keep_days: int
    sql: str = ""
    database: str = ""
    days: int = DAYS
    repeat_hours: int = REPEAT_HOURS
    seconds: int = 0

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """The settings in `environment`. Raises RuntimeError that says all that is missing or wrong."""
        found = {name: environment.get(f"HOMESHORE_{name.upper()}", "").strip() for name in cls.__struct_fields__}
        needed = [*_REQUIRED, *(["database"] if found["sql"] else [])]
        faults = [f"HOMESHORE_{name.upper()} is missing" for name in needed if not found[name]]
        faults += [
            f"HOMESHORE_{name.upper()} is no number from 1 on"
            for name in ("keep_days", "days", "repeat_hours", "seconds")
            if found[name] and not (found[name].isdecimal() and int(found[name]))
        ]
        if found["repeat_hours"].isdecimal() and 0 < int(found["repeat_hours"]) < LEAST_REPEAT_HOURS:
            faults.append(f"HOMESHORE_REPEAT_HOURS is below {LEAST_REPEAT_HOURS}")
        if found["account"] and urlsplit(found["account"]).scheme != "https":
            faults.append("HOMESHORE_ACCOUNT is no https URL")
        if faults:
            raise RuntimeError(f"the job's environment: {'; '.join(faults)}")
        return msgspec.convert({name: text for name, text in found.items() if text}, cls, strict=False)


def main() -> int:
    """The job's entry point: 0 when all is done or SIGTERM came, 1 when the next run has to do it."""
    contract = Contract.from_json(Path("contract.json").read_bytes())
    return run(Settings.read(os.environ), contract)


def run(settings: Settings, contract: Contract) -> int:
    """One run, told in one log line. Returns the exit code."""
    told: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: told.append(number))
    began = time.monotonic()
    credential = ManagedIdentityCredential(client_id=settings.identity)
    with (
        tempfile.TemporaryDirectory(prefix="homeshore-") as scratch,
        ContainerClient(
            settings.account,
            settings.bucket,
            credential,
            connection_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
        ) as container,
    ):
        plan = Plan(
            utc_today(),
            settings.keep_days,
            settings.days,
            # Twice the memory takes chunks that are twice as large: files in silver that need no joining.
            chunk_bytes=CHUNK_BYTES * max(1, memory_mib() // CHUNK_MEMORY_MIB),
            repeat_hours=settings.repeat_hours,
        )
        try:
            counts = refresh(
                contract,
                place(settings, os.environ),
                Container(container),
                plan,
                scratch=Path(scratch),
                stopped=lambda: bool(told),
                enough=lambda: 0 < settings.seconds * TAKING <= time.monotonic() - began,
            )
            views = 0 if counts.stopped else _views(settings, contract, credential)
        except CommitFailedError:
            # Whole commits only, and the other run takes up what is left: nothing is lost, nothing is twice there.
            print_line(_line("WARNING", "another run has written meanwhile", began))
            return 1
        except Exception as fault:
            print_line(_line("ERROR", "refresh failed", began, Fault=type(fault).__name__))
            raise
    print_line(refreshed_line(counts, views, began))
    return 0


def place(settings: Settings, environment: Mapping[str, str]) -> Place:
    """Where the Delta tables lie, and how their object store gets its tokens (option names: crate object_store)."""
    options = {
        "azure_storage_account_name": urlsplit(settings.account).netloc.split(".")[0],
        "azure_endpoint": settings.account.rstrip("/"),
        "azure_client_id": settings.identity,
    }
    if endpoint := environment.get("IDENTITY_ENDPOINT"):
        options["azure_msi_endpoint"] = endpoint
    return Place(f"az://{settings.bucket}", options)


def refreshed_line(counts: Counts, views: int, began: float) -> str:
    """The log line of a run that has ended well; one that has left some of bronze says so in other words.

    The alarm on the lakehouse looks for the first words only.
    """
    named = {name.capitalize(): value for name, value in counts._asdict().items()}
    late = counts.behind and not counts.stopped
    severity, message = ("WARNING", "lakehouse behind") if late else ("INFO", "lakehouse refreshed")
    return _line(severity, message, began, Views=views, **named)


def _views(settings: Settings, contract: Contract, credential: ManagedIdentityCredential) -> int:
    if not settings.sql:
        return 0
    # Synapse reads a lake through its other endpoint.
    lake = settings.account.replace(".blob.", ".dfs.", 1).rstrip("/")
    batches = synapse.batches(contract, settings.database, f"{lake}/{settings.bucket}")
    audience = scope(settings.sql)
    return make_views(batches, connector(settings.sql, lambda: credential.get_token(audience).token))


def _line(severity: str, message: str, began: float, **more: object) -> str:
    line = {
        "severity": severity,
        "message": message,
        "Namespace": "Homeshore",
        **more,
        "Seconds": round(time.monotonic() - began, 3),
    }
    return msgspec.json.encode(line).decode()
