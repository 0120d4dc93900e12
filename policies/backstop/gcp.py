"""Organisation policies: one file for each constraint, as `gcloud org-policies set-policy` takes it."""

from __future__ import annotations

from typing import Final

import yaml

from policies.backstop.guard import Document, Entry, Guard, chosen, control, entries, filled
from policies.backstop.home import Home
from policies.values import Plain

TABLE: Final = "gcp.yaml"


def guard(home: Home) -> Guard:
    """The organisation policies for `home`, at its project, or the folder or organisation above it."""
    kept, left = chosen(entries(TABLE), home)
    words = {
        "regions": [f"in:{one.name}-locations" for one in home.inside],
        "projects": [f"projects/{one}" for one in home.key_projects],
        "customers": [f"is:{one}" for one in home.customers],
    }
    documents = tuple(_document(home, entry, words) for entry in kept)
    commands = tuple(f"gcloud org-policies set-policy {one.name}" for one in documents)
    return Guard(home, tuple(map(control, kept)), left, documents, commands)


def _document(home: Home, entry: Entry, words: dict[str, list[str]]) -> Document:
    content: dict[str, Plain] = {
        "name": f"{home.scope}/policies/{entry['id']}",
        "spec": {"rules": [_rule(entry, words)]},
    }
    text = yaml.safe_dump(content, sort_keys=False)
    return Document(f"{entry['id']}.yaml", text, content)


def _rule(entry: Entry, words: dict[str, list[str]]) -> dict[str, Plain]:
    if "enforce" in entry:
        return {"enforce": entry["enforce"]}
    key = "allowed" if "allowed" in entry else "denied"
    return {"values": {f"{key}Values": filled(entry[key], words)}}
