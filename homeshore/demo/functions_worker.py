"""The Functions adapter as a process of its own, fed over a pipe with what the Functions host would send it.

Everything but the host, managed identity and Key Vault is as in the cloud: the Functions library's decoder, the
adapter, azure-storage-blob with tokens over HTTPS.
"""

from __future__ import annotations

import os
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from homeshore.demo.host_message import Invocation, decoded
from processor.azure_functions import BatchFailed, BlobStore, Processor
from processor.pipeline import KeyCache, Pipeline, Settings
from processor.schema import Contract

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

PIPE, CONTRACT, ACCOUNT, CERTIFICATE = (f"HOMESHORE_DEMO_{name}" for name in ("PIPE", "CONTRACT", "ACCOUNT", "TRUST"))


def main() -> None:
    """Take call after call; answer each with an empty text, or with why its batch is not stored."""
    settings = Settings.read(os.environ)
    container = container_client(os.environ[ACCOUNT], settings.bucket, Path(os.environ[CERTIFICATE]))
    contract = Contract.from_json(Path(os.environ[CONTRACT]).read_bytes())
    keys = KeyCache(lambda: Path(settings.secret).read_text(encoding="utf-8"))
    processor = Processor(Pipeline(settings, contract, BlobStore(container), keys))
    calls = msgspec.msgpack.Decoder(Invocation)
    with Connection(int(os.environ[PIPE])) as host:
        host.send_bytes(b"")  # ready
        while True:
            try:
                call = calls.decode(host.recv_bytes())
            except EOFError:
                return
            try:
                processor.handle(decoded(call))
            except BatchFailed as fault:
                host.send_bytes(str(fault).encode())
            else:
                host.send_bytes(b"")


def container_client(account_url: str, container: str, certificate: Path) -> ContainerClient:
    """A client of the emulator's container, with a token, past any proxy; it trusts the one certificate."""
    from azure.core.pipeline.transport import RequestsTransport
    from azure.storage.blob import ContainerClient

    from homeshore.emulators.azurite import Credential

    transport = RequestsTransport(use_env_settings=False, connection_verify=str(certificate))
    return ContainerClient(account_url, container, Credential(), transport=transport)


if __name__ == "__main__":
    main()
