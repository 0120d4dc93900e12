"""Key Vault's secrets behind the real client library: its documented answers, below the library's own transport."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from azure.keyvault.secrets import SecretClient
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

URL = "https://hs-vault-test.vault.azure.net"
TENANT = "00000000-0000-4000-8000-000000000002"
CHALLENGE = f'Bearer authorization="https://login.microsoftonline.com/{TENANT}", resource="https://vault.azure.net"'
PAGE = 2


@dataclass
class Stored:
    """One version."""

    id: str
    text: str
    created: int
    enabled: bool = True


@dataclass
class Fault:
    """What is answered in place of the work: a status and the codes of Key Vault's error."""

    status: int
    inner: str = ""
    times: int = 1_000
    after: Callable[[requests.PreparedRequest], bool] = field(default=lambda _: True)


class Vault(BaseAdapter):
    """One vault: its secrets' versions in the order of writing, and what it refuses. The clock is the test's."""

    def __init__(self) -> None:
        super().__init__()
        self.secrets: dict[str, list[Stored]] = {}
        self.deleted: set[str] = set()
        self.now = 1_772_438_400
        self.faults: list[Fault] = []
        self.unreachable = False
        self.next_ids: list[str] = []
        self.asked: list[str] = []

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        if self.unreachable:
            raise requests.exceptions.ConnectionError("name or service not known")
        if "Authorization" not in request.headers:
            return answer(request, 401, {}, {"WWW-Authenticate": CHALLENGE})
        self.asked.append(f"{request.method} {urlsplit(request.url or '').path}")
        for fault in self.faults:
            if fault.times and fault.after(request):
                fault.times -= 1
                return refusal(request, fault.status, fault.inner)
        return self.answered(request)

    def close(self) -> None:
        pass

    def answered(self, request: requests.PreparedRequest) -> requests.Response:
        parts = urlsplit(request.url or "")
        _, _, name, *rest = parts.path.split("/")
        version = rest[0] if rest else ""
        there = self.secrets.get(name, [])
        if request.method == "PUT":
            return self.put(request, name)
        if version == "versions":
            start = int(parts.query.rpartition("skip=")[2]) if "skip=" in parts.query else 0
            page = [described(name, one) for one in sorted(there, key=lambda one: one.id)[start : start + PAGE]]
            more = f"{URL}{parts.path}?api-version=7.6&skip={start + PAGE}" if start + PAGE < len(there) else None
            return answer(request, 200, {"value": page, "nextLink": more})
        found = [one for one in there if one.id == version] if version else there[-1:]
        if not found:
            return refusal(request, 404, "SecretNotFound")
        if request.method == "PATCH":
            found[0].enabled = json.loads(request.body or b"{}")["attributes"]["enabled"]
            return answer(request, 200, described(name, found[0]))
        if not found[0].enabled:
            return refusal(request, 403, "SecretDisabled")
        return answer(request, 200, {**described(name, found[0]), "value": found[0].text})

    def put(self, request: requests.PreparedRequest, name: str) -> requests.Response:
        if name in self.deleted:
            return refusal(request, 409, "ObjectIsDeletedButRecoverable")
        new = self.next_ids.pop(0) if self.next_ids else uuid.uuid4().hex
        body = json.loads(request.body or b"{}")
        stored = Stored(new, body["value"], self.now)
        self.secrets.setdefault(name, []).append(stored)
        return answer(request, 200, {**described(name, stored), "value": stored.text})


def described(name: str, stored: Stored) -> dict[str, object]:
    times = {"created": stored.created, "updated": stored.created}
    return {"id": f"{URL}/secrets/{name}/{stored.id}", "attributes": {"enabled": stored.enabled, **times}}


def refusal(request: requests.PreparedRequest, status: int, inner: str) -> requests.Response:
    error: dict[str, object] = {"code": {403: "Forbidden", 409: "Conflict"}.get(status, inner), "message": "no"}
    return answer(request, status, {"error": error | ({"innererror": {"code": inner}} if inner else {})})


def answer(
    request: requests.PreparedRequest, status: int, document: object, headers: dict[str, str] | None = None
) -> requests.Response:
    body = json.dumps(document).encode()
    response = requests.Response()
    response.request, response.url, response.status_code = request, request.url or "", status
    response.reason = str(status)
    response.headers.update({"Content-Type": "application/json", **(headers or {})})
    response.raw = HTTPResponse(
        io.BytesIO(body), headers=dict(response.headers), status=status, preload_content=False, version=11
    )
    return response


class Credential:
    """Somebody who is signed in."""

    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        assert scopes == ("https://vault.azure.net/.default",)
        return AccessToken("token", 4_000_000_000)


def client(vault: Vault, credential: Any = None) -> SecretClient:
    session = requests.Session()
    session.mount("https://", vault)
    transport = RequestsTransport(session=session, session_owner=False)
    return SecretClient(URL, credential or Credential(), transport=transport, retry_backoff_factor=0, retry_total=2)
