"""What an `up` did, as plain data: the document of `homeshore local up --json` and the text that people read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

FORMAT_VERSION = 1


@dataclass(frozen=True)
class Entry:
    """One resource in the report. `inputs` are the ones that differed, or that could not be confirmed."""

    urn: str
    type: str
    name: str
    inputs: tuple[str, ...] = ()
    reason: str = ""

    def to_json(self) -> dict[str, object]:
        """The entry as it stands in the documented shape."""
        document: dict[str, object] = {"urn": self.urn, "type": self.type, "name": self.name}
        if self.inputs:
            document["inputs"] = list(self.inputs)
        if self.reason:
            document["reason"] = self.reason
        return document


OUTCOMES = ("created", "updated", "repaired", "unchanged", "removed", "not_applied", "not_read_back", "adapted")


@dataclass
class Changes:
    """The resources of a run by what was done to them.

    created, updated, unchanged: what the names say. repaired: somebody changed or deleted it behind the program's
    back. removed: the program no longer declares it. not_applied: a type that cannot be applied here. not_read_back:
    inputs that were written and that the emulator does not show. adapted: given to the emulator in another form.
    """

    created: list[Entry] = field(default_factory=list[Entry])
    updated: list[Entry] = field(default_factory=list[Entry])
    repaired: list[Entry] = field(default_factory=list[Entry])
    unchanged: list[Entry] = field(default_factory=list[Entry])
    removed: list[Entry] = field(default_factory=list[Entry])
    not_applied: list[Entry] = field(default_factory=list[Entry])
    not_read_back: list[Entry] = field(default_factory=list[Entry])
    adapted: list[Entry] = field(default_factory=list[Entry])

    def to_json(self) -> dict[str, object]:
        """Each list in the order of the names, so that two runs read the same."""
        return {name: [entry.to_json() for entry in self.sorted(name)] for name in OUTCOMES}

    def sorted(self, outcome: str) -> list[Entry]:
        """The entries of one outcome by URN."""
        entries: Iterable[Entry] = getattr(self, outcome)
        return sorted(entries, key=lambda entry: (entry.urn, entry.reason))


@dataclass(frozen=True)
class Report:
    """The result of an `up`."""

    stack: str
    emulator: str
    endpoint: str
    region: str
    account_id: str
    pid: int | None
    changes: Changes
    outputs: Mapping[str, object]
    digests: Mapping[str, str]
    limits: tuple[tuple[str, str], ...]

    @property
    def environment(self) -> dict[str, str]:
        """What any AWS client needs to reach the stack; the key id is the account, nothing is secret."""
        return environment_of(self.endpoint, self.region, self.account_id)

    def to_json(self) -> dict[str, object]:
        """The document of `homeshore local up --json`."""
        return {
            "version": FORMAT_VERSION,
            "stack": self.stack,
            "emulator": self.emulator,
            "endpoint": self.endpoint,
            "region": self.region,
            "account_id": self.account_id,
            "pid": self.pid,
            "outputs": dict(self.outputs),
            "environment": self.environment,
            "resources": self.changes.to_json(),
            "limits": [{"what": what, "reason": reason} for what, reason in self.limits],
        }


def environment_of(endpoint: str, region: str, account_id: str) -> dict[str, str]:
    """The variables by which an AWS client reaches an emulator as the given account."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_DEFAULT_REGION": region,
        "AWS_ACCESS_KEY_ID": account_id,
        "AWS_SECRET_ACCESS_KEY": "local",
    }
