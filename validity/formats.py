"""Forms of text that hold wherever a key of that name stands: JSON documents, address ranges, identifiers."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from typing import Final

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ARN = re.compile(r"arn:aws[\w-]*:[\w-]+:[\w-]*:(\d{12}|aws|cloudfront|)?:.+", re.DOTALL)
_ISO_DURATION = re.compile(r"P(?!$)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?")
_MEMBER = re.compile(
    r"allUsers|allAuthenticatedUsers|(user|serviceAccount|group|domain|projectOwner|projectEditor|projectViewer"
    r"|deleted|principal|principalSet|principalHierarchy|iamMember|federated|type):.+"
)
_ROLE = re.compile(r"roles/[\w.]+|(projects|organizations)/[^/]+/roles/[\w.]+")
_LABEL_KEY = re.compile(r"[^\W\d_A-Z](?:[^\WA-Z]|-){0,62}")
_LABEL_VALUE = re.compile(r"(?:[^\WA-Z]|-){0,63}")
_AZURE_GROUP = re.compile(r"[-\w.()]{0,89}[-\w()]")
_AZURE_ID = re.compile(r"/\S.*")
_AZURE_LOCATION = re.compile(r"[A-Za-z][A-Za-z0-9 ]*")
_AWS_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d+")
_GCP_LOCATION = re.compile(r"[a-zA-Z][a-zA-Z0-9-]*")
_HTTPS = re.compile(r"https://[^/\s]+(/\S*)?")


def _json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _cidr(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=True)
    except ValueError:
        return False
    return "/" in text


def _address(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _period(text: str) -> bool:
    return text in ("10", "20", "30") or (text.isdecimal() and int(text) > 0 and int(text) % 60 == 0)


def _full(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: pattern.fullmatch(text) is not None


CHECKS: Final[Mapping[str, tuple[Callable[[str], bool], str]]] = {
    "json": (_json, "a JSON document"),
    "cidr": (_cidr, "an address range in CIDR form whose host bits are zero, such as 10.0.0.0/16"),
    "address": (_address, "an address, or an address range in CIDR form"),
    "guid": (_full(_GUID), "a GUID"),
    "arn": (_full(_ARN), "an ARN: arn:partition:service:region:account:resource"),
    "iso-duration": (_full(_ISO_DURATION), "an ISO 8601 duration, such as PT5M or P7D"),
    "https": (_full(_HTTPS), "an https:// address"),
    "azure-group": (_full(_AZURE_GROUP), "up to 90 letters, digits and - _ . ( ), no dot last"),
    "azure-id": (_full(_AZURE_ID), "a resource ID, which starts with a slash: /subscriptions/…"),
    "azure-location": (_full(_AZURE_LOCATION), "the name of a location: letters, digits and spaces"),
    "aws-region": (_full(_AWS_REGION), "the name of a region"),
    "aws-period": (_period, "10, 20, 30, or a multiple of 60 seconds"),
    "gcp-location": (_full(_GCP_LOCATION), "the name of a location: letters, digits and hyphens"),
    "gcp-label-key": (
        _full(_LABEL_KEY),
        "up to 63 lower-case letters, digits, hyphens and underscores, a letter first",
    ),
    "gcp-label-value": (_full(_LABEL_VALUE), "up to 63 lower-case letters, digits, hyphens and underscores"),
    "gcp-member": (_full(_MEMBER), "a principal with its kind: user:, group:, serviceAccount:, domain: … or allUsers"),
    "gcp-role": (_full(_ROLE), "roles/NAME, or projects/PROJECT/roles/NAME, or organizations/ID/roles/NAME"),
}
"""Each form: the check, and what is allowed in words."""
