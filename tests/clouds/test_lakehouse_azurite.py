"""The job's own program against Azurite over HTTPS, with tokens from an endpoint as Container Apps has one.

Nothing stands in for azure-identity, azure-storage-blob or delta-rs's object store. What is not here: the platform, an
account with hierarchical namespace, Synapse.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from azure.storage.blob import ContainerClient

from homeshore.emulators.azurite import SCOPE, Azurite, Credential
from processor.azure_functions import BlobStore
from processor.core import Stored
from processor.lakehouse.job import Settings
from processor.schema import Contract
from processor.store import store_one
from tests.clouds import lakes
from tests.clouds.lakes import events, made

ROOT = Path(__file__).parents[2]
IDENTITY = "11111111-2222-4333-8444-555555555555"
HEADER = "what the platform gives"


class Identity(BaseHTTPRequestHandler):
    """The identity endpoint of Container Apps: tokens for whoever sends the header, by resource and client id."""

    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        right = self.headers["x-identity-header"] == HEADER and asked["client_id"] == [IDENTITY]
        right = right and asked["resource"][0].rstrip("/") == "https://storage.azure.com"
        token = {
            "access_token": Credential().get_token(SCOPE).token,
            "expires_on": str(int(time.time()) + 3600),
            "resource": asked["resource"][0],
            "token_type": "Bearer",
        }
        body = json.dumps(token if right else {"error": "refused"}).encode()
        self.send_response(200 if right else 400)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Quiet."""


@pytest.fixture
def identity_endpoint() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Identity)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/msi/token"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def container(azurite: Azurite, name: str) -> Iterator[ContainerClient]:
    client = ContainerClient(azurite.account_url, name, Credential(), connection_verify=str(azurite.certificate))
    with client:
        client.create_container()
        yield client


def environment(azurite: Azurite, endpoint: str, bucket: str, today: str) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "HOMESHORE_ACCOUNT": azurite.account_url,
        "HOMESHORE_BUCKET": bucket,
        "HOMESHORE_IDENTITY": IDENTITY,
        "HOMESHORE_KEEP_DAYS": "30",
        "IDENTITY_ENDPOINT": endpoint,
        "IDENTITY_HEADER": HEADER,
        "REQUESTS_CA_BUNDLE": str(azurite.certificate),
        "SSL_CERT_FILE": str(azurite.certificate),
        "TEST_TODAY": today,
    }


# The program itself, but for the day, and Azurite's one account, whose name is a part of its URL's path.
PROGRAM = """
import os, sys
from datetime import date
from pathlib import Path
from processor.lakehouse import job
from processor.lakehouse.tables import Place
job.utc_today = lambda: date.fromisoformat(os.environ["TEST_TODAY"])
reached = job.place
name = {"azure_storage_account_name": "devstoreaccount1"}
job.place = lambda *told: Place(reached(*told).root, {**reached(*told).options, **name})
sys.exit(job.main())
"""


@pytest.fixture
def home(tmp_path: Path, contract: Contract) -> Path:
    """The directory that the program is started in, as in the image."""
    (tmp_path / "contract.json").write_bytes(contract.to_json())
    return tmp_path


def start(home: Path, told: dict[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM]
    return subprocess.Popen(command, env=told, cwd=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> dict:
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    (line,) = output.splitlines()
    assert "@" not in line
    return json.loads(line)


def fill(client: ContainerClient, bucket: lakes.Bucket, batches: int, first: int = 0) -> None:
    """The same objects in Azurite, by the adapter's own store, and in a directory."""
    store = BlobStore(client)
    sent = events(100 * (first + batches))
    for number in range(first, first + batches):
        stored = made(sent[number * 100 :][:100], lakes.moment(lakes.TODAY, number % 24), number * 100)
        assert isinstance(stored, Stored)
        assert store_one(store, stored) == "created"
        bucket.put(stored)


def downloaded(client: ContainerClient, root: Path) -> lakes.Bucket:
    """What lies in the container, as a directory."""
    for blob in client.list_blobs():
        path = root / blob.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(client.download_blob(blob.name).readall())
    return lakes.Bucket(root)


def test_the_program_fills_the_tables_and_does_so_once(azurite: Azurite, identity_endpoint: str, home: Path):
    local = lakes.Bucket(home / "local")
    told = environment(azurite, identity_endpoint, "lakehouse", str(lakes.TODAY))
    with container(azurite, "lakehouse") as client:
        fill(client, local, 6)
        line = finish(start(home, told))
        assert line["message"] == "lakehouse refreshed"
        assert (line["Objects"], line["Stopped"], line["Views"]) == (6, False, 0)
        assert line["Read"] > line["Silver"] == len(lakes.truth(local)[0])
        assert line["Gold"] == len(lakes.truth(local)[1])
        again = finish(start(home, told))
        assert (again["Objects"], again["Silver"], again["Gold"]) == (0, 0, 0)
        fill(client, local, 2, first=6)
        assert finish(start(home, told))["Objects"] == 2
        lakes.agrees(downloaded(client, home / "remote"))
        assert lakes.truth(local) == lakes.truth(lakes.Bucket(home / "remote"))


def test_sigterm_ends_it_after_the_commit_at_hand(azurite: Azurite, identity_endpoint: str, home: Path):
    told = environment(azurite, identity_endpoint, "lakehouse-stopped", str(lakes.TODAY))
    with container(azurite, "lakehouse-stopped") as client:
        fill(client, lakes.Bucket(home / "local"), 24)  # one chunk for each hour
        process = start(home, told)
        deadline = time.monotonic() + 60
        while not any("part-" in blob.name for blob in client.list_blobs(name_starts_with="silver/")):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        line = finish(process)
        assert line["Stopped"] is True
        assert 0 < line["Objects"] < 24
        assert finish(start(home, told))["Stopped"] is False
        lakes.agrees(downloaded(client, home / "remote"))


def test_without_the_right_identity_it_fails_and_says_so(azurite: Azurite, identity_endpoint: str, home: Path):
    told = environment(azurite, identity_endpoint, "lakehouse-refused", str(lakes.TODAY))
    with container(azurite, "lakehouse-refused") as client:
        process = start(home, {**told, "IDENTITY_HEADER": "something else"})
        output, _ = process.communicate(timeout=120)
        assert process.returncode == 1
        line = json.loads(output.splitlines()[-1])
        assert (line["severity"], line["message"]) == ("ERROR", "refresh failed")
        assert line["Fault"]
        assert not list(client.list_blobs())


def test_an_incomplete_environment_is_named(home: Path):
    process = start(home, {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)})
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "HOMESHORE_ACCOUNT is missing; HOMESHORE_BUCKET is missing" in errors
    assert set(Settings.__struct_fields__) == {
        *("account", "bucket", "identity", "keep_days", "sql", "database", "days", "repeat_hours", "seconds")
    }
