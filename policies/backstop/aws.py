"""Service control policies: what no principal of an account may ask for, whatever its own permissions say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from policies.backstop.guard import Document, Entry, Guard, chosen, control, entries, filled, mapping, table
from policies.backstop.home import Home
from policies.values import Plain

TABLE: Final = "aws.yaml"
VERSION: Final = "2012-10-17"


def guard(home: Home) -> Guard:
    """The service control policies for `home`, each within the quota of characters, as few as will do."""
    kept, left = chosen(entries(TABLE), home)
    words = _words(home)
    statements = [one for entry in kept for one in _statements(entry, words)]
    documents = tuple(_documents(statements))
    return Guard(home, tuple(map(control, kept)), left, documents, tuple(_apply(home, documents)))


def partition(home: Home) -> str:
    """The partition that the stack's region is of."""
    return home.place.partition


def _words(home: Home) -> dict[str, list[str]]:
    regions = [one.name for one in home.inside]
    return {
        "regions": regions,
        "home": [str(mapping(TABLE, "home")[partition(home)])],
        "vaults": [f"arn:{partition(home)}:backup:{name}:*:backup-vault:*" for name in regions],
        "exempt": exempt(),
    }


def exempt() -> list[str]:
    """The actions that no region is asked of."""
    found = {str(action) for group in entries(TABLE, "exempt") for action in _listed(group["actions"])}
    return sorted(found)


def _listed(value: Plain) -> list[Plain]:
    return value if isinstance(value, list) else [value]


def _statements(entry: Entry, words: dict[str, list[str]]) -> Iterator[dict[str, Plain]]:
    for number, statement in enumerate(_listed(entry["statements"]), start=1):
        body = filled(statement, words)
        sid = str(entry["id"]) + (str(number) if number > 1 else "")
        yield {"Sid": sid, "Effect": "Deny", **(body if isinstance(body, dict) else {})}


def _documents(statements: list[dict[str, Plain]]) -> Iterator[Document]:
    """Statements in their order, packed into policies of at most the quota's characters."""
    quota = int(str(table(TABLE)["characters"]))
    packs: list[list[dict[str, Plain]]] = [[]]
    for one in statements:
        if packs[-1] and len(_text([*packs[-1], one])) > quota:
            packs.append([])
        packs[-1].append(one)
    for number, pack in enumerate(packs, start=1):
        content: dict[str, Plain] = {"Version": VERSION, "Statement": list(pack)}
        yield Document(f"scp-{number}.json", _text(pack), content)


def _text(statements: list[dict[str, Plain]]) -> str:
    """One statement to a line and no other blanks: AWS counts them all."""
    lines = ",\n".join(json.dumps(one, separators=(",", ":")) for one in statements)
    return f'{{"Version":"{VERSION}","Statement":[\n{lines}\n]}}\n'


def _apply(home: Home, documents: tuple[Document, ...]) -> Iterator[str]:
    for document in documents:
        name = f"homeshore-{home.slug}-{document.name.removesuffix('.json')}"
        yield (
            "aws organizations attach-policy \\\n"
            f"  --target-id {home.scope} \\\n"
            "  --policy-id $(aws organizations create-policy --type SERVICE_CONTROL_POLICY \\\n"
            f"    --name {name} --description 'Data stays inside: {home.boundary.name}' \\\n"
            f"    --content file://{document.name} --query Policy.PolicySummary.Id --output text)"
        )
