"""The choice of an emulator, described by data (emulators.toml)."""

from __future__ import annotations

import ipaddress
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

from homeshore.errors import UserError
from homeshore.local.fields import Fields

AUTO = "auto"


@dataclass(frozen=True)
class Limit:
    """Something an emulator accepts and does not do, and why that is so."""

    what: str
    reason: str


@dataclass(frozen=True)
class Unread:
    """An input path of a resource type that an emulator does not read back, and why."""

    type: str
    path: str
    reason: str


@dataclass(frozen=True)
class EmulatorRow:
    """One row of the data: an emulator, what a run on it proves, and what it cannot show.

    `embedded` says whether it can be started here; `health` is the path by which a running one is recognised.
    """

    id: str
    title: str
    embedded: bool
    health: str
    checked_with: str
    proves: frozenset[str]
    limits: tuple[Limit, ...]
    unread: tuple[Unread, ...]

    def unread_paths(self, resource_type: str) -> frozenset[str]:
        """Input paths of the type that are not compared."""
        return frozenset(item.path for item in self.unread if item.type == resource_type)


@dataclass(frozen=True)
class Choice:
    """An emulator to use: the one at `endpoint`, or with None one that is to be started. `source` says who chose it."""

    endpoint: str | None
    source: str


@cache
def rows() -> Mapping[str, EmulatorRow]:
    """All emulators by id."""
    document = tomllib.loads(files("homeshore.local").joinpath("emulators.toml").read_text(encoding="utf-8"))
    return {row.text("id"): _row(row) for row in Fields(document).blocks("emulator")}


def _row(row: Fields) -> EmulatorRow:
    return EmulatorRow(
        id=row.text("id"),
        title=row.text("title"),
        embedded=row.flag("embedded"),
        health=row.text("health"),
        checked_with=row.text("checked_with"),
        proves=frozenset(row.texts("proves")),
        limits=tuple(Limit(item.text("what"), item.text("reason")) for item in row.blocks("limit")),
        unread=tuple(
            Unread(item.text("type"), item.text("path"), item.text("reason")) for item in row.blocks("unread")
        ),
    )


def choose(emulator: str = AUTO, endpoint: str | None = None, environment: Mapping[str, str] | None = None) -> Choice:
    """The emulator that the user asked for.

    An `endpoint` on the command line may lie anywhere: naming it is the explicit choice. One from the environment
    (AWS_ENDPOINT_URL, then LOCALSTACK_HOST) must lie on this machine. With neither, the embedded one is used.
    Raises UserError with the remedy.
    """
    known = rows()
    if emulator != AUTO and emulator not in known:
        raise UserError(f"--emulator {emulator}: there is no such emulator; known: {', '.join([AUTO, *known])}.")
    if endpoint:
        if emulator != AUTO and known[emulator].embedded:
            raise UserError("--endpoint is where an emulator already runs; the embedded one is started on a free port.")
        return Choice(_checked(endpoint, "--endpoint"), "--endpoint")
    if emulator != AUTO and known[emulator].embedded:
        return Choice(None, "--emulator")
    from_environment = _from_environment(os.environ if environment is None else environment)
    if from_environment is None:
        if emulator != AUTO:
            raise UserError(
                f"--emulator {emulator}: where does it run? "
                "Set AWS_ENDPOINT_URL or LOCALSTACK_HOST, or pass --endpoint URL."
            )
        return Choice(None, "default")
    given, source = from_environment
    url = _checked(given, source)
    if not is_loopback(url):
        raise UserError(
            f"{source}: {url} is not on this machine. The local cloud would create and delete resources there; "
            f"if that is meant, say so with `--endpoint {url}`, else unset {source}."
        )
    return Choice(url, source)


def embedded_row() -> EmulatorRow:
    """The emulator that is started when none is named."""
    return next(row for row in rows().values() if row.embedded)


def _from_environment(environment: Mapping[str, str]) -> tuple[str, str] | None:
    url = environment.get("AWS_ENDPOINT_URL", "").strip()
    if url:
        return url, "AWS_ENDPOINT_URL"
    host = environment.get("LOCALSTACK_HOST", "").strip()
    if host:
        scheme = "https" if environment.get("USE_SSL") in ("1", "true") else "http"
        address = host if ":" in host else f"{host}:4566"
        return f"{scheme}://{address}", "LOCALSTACK_HOST"
    return None


def _checked(url: str, source: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UserError(f"{source}: {url!r} is not a URL like http://127.0.0.1:4566.")
    if parts.hostname.endswith(("amazonaws.com", "amazonaws.com.cn", ".api.aws")):
        raise UserError(f"{source}: {url} is the real cloud; the local cloud never talks to it.")
    return url.rstrip("/")


def is_loopback(url: str) -> bool:
    """Whether the host of the URL is this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
