"""Refuses every connection but to loopback, in this process and, through PYTHONPATH, in every Python child of it.

Each refusal is also appended to the file that LOOPBACK_ONLY_LOG names, because a caller may swallow the exception.
"""

from __future__ import annotations

import ipaddress
import os
import sys
from pathlib import Path

LOCAL_NAMES = {"localhost", "localhost.localdomain", "ip6-localhost", ""}


def is_local(host: object) -> bool:
    """Whether `host` (a name or an address) is this machine's loopback."""
    text = host.decode() if isinstance(host, bytes) else str(host)
    if host is None or text.lower() in LOCAL_NAMES or text.lower().endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _refuse(what: str) -> None:
    if log := os.environ.get("LOOPBACK_ONLY_LOG"):
        with Path(log).open("a", encoding="utf-8") as file:
            file.write(f"{what} (process {os.getpid()}: {' '.join(sys.argv)})\n")
    raise ConnectionRefusedError(f"only loopback is allowed in tests: {what}")


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect":
        address = arguments[1]
        if isinstance(address, tuple) and not is_local(address[0]):
            _refuse(f"connection to {address[0]}:{address[1]}")
    elif event == "socket.getaddrinfo" and not is_local(arguments[0]):
        _refuse(f"name lookup of {arguments[0]!r}")


sys.addaudithook(_watch)
