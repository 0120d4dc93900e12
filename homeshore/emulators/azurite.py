"""Azurite, Microsoft's emulator of Azure's storage, over HTTPS with tokens, as the real service is reached."""

from __future__ import annotations

import base64
import datetime
import ipaddress
import json
import shutil
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from homeshore.emulators.children import EmulatorMissing, listening
from homeshore.local.emulator import LOOPBACK

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken

PROGRAM = Path(".build", "azurite", "node_modules", "azurite", "dist", "src", "blob", "main.js")
ACCOUNT = "devstoreaccount1"  # the one account that Azurite has
SCOPE = "https://storage.azure.com/.default"
TOKEN_SECONDS = 3600


class Azurite(NamedTuple):
    """A running Azurite: its account's URL, the certificate to trust, its port."""

    account_url: str
    certificate: Path
    port: int


@contextmanager
def azurite(root: Path, directory: Path) -> Generator[Azurite]:
    """Azurite as `make emulators` installs it below `root`, in memory; its certificate and log lie in `directory`.

    Raises EmulatorMissing, and UserError when it does not start.
    """
    node, program = shutil.which("node"), root / PROGRAM
    if node is None:
        raise EmulatorMissing("Azurite needs node", "Install Node.js, then run `make emulators`.")
    if not program.is_file():
        raise EmulatorMissing(f"Azurite is not in {root}", "Run `make emulators` (needs npm).", obtainable=True)
    certificate, key = _certificate(directory)

    def command(port: int) -> list[str]:
        return [
            *(node, str(program), "--blobHost", LOOPBACK, "--blobPort", str(port), "--inMemoryPersistence"),
            *("--disableTelemetry", "--silent", "--skipApiVersionCheck"),
            *("--oauth", "basic", "--cert", str(certificate), "--key", str(key)),
        ]

    with listening("azurite", command, directory) as port:
        yield Azurite(f"https://{LOOPBACK}:{port}/{ACCOUNT}", certificate, port)


def _certificate(directory: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, valid for a day, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, LOOPBACK)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(LOOPBACK))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = directory / "azurite.pem", directory / "azurite.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.touch(mode=0o600)
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, private


class Credential:
    """An identity as Azurite's basic level takes it: it reads the token's claims, and checks no signature."""

    def get_token(
        self,
        *scopes: str,
        claims: str | None = None,
        tenant_id: str | None = None,
        enable_cae: bool = False,
        **more: object,
    ) -> AccessToken:
        """A token for storage. Raises ValueError for any other audience: nothing else is emulated."""
        from azure.core.credentials import AccessToken

        del claims, tenant_id, enable_cae, more  # the protocol's, for services that ask for more than a token
        if scopes != (SCOPE,):
            raise ValueError(f"a token for {', '.join(scopes)} was asked for, and only {SCOPE} is emulated")
        now = int(time.time())
        said = {
            "aud": "https://storage.azure.com",
            "iss": "https://sts.windows.net/11111111-1111-4111-8111-111111111111/",
            "nbf": now - 60,
            "iat": now - 60,
            "exp": now + TOKEN_SECONDS,
        }
        parts = ({"alg": "RS256", "typ": "JWT"}, said, "no signature")
        encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
        return AccessToken(".".join(encoded), now + TOKEN_SECONDS)
