"""Policy documents as data: statements in, canonical JSON out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

Conditions = Mapping[str, Mapping[str, str | list[str]]]


@dataclass(frozen=True)
class Statement:
    """One statement. `sid` says why it is there; `principals` is empty in policies of a role.

    `principals` is {"AWS": arn}, {"Service": name} or, in a Deny or narrowed by conditions, {"AWS": "*"}.
    """

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    effect: str = "Allow"
    principals: Mapping[str, str] = field(default_factory=dict[str, str])
    conditions: Conditions = field(default_factory=dict[str, Mapping[str, str | list[str]]])

    def plain(self) -> dict[str, object]:
        """As IAM's JSON has it, without empty parts."""
        parts: dict[str, object] = {
            "Sid": self.sid,
            "Effect": self.effect,
            "Principal": dict(self.principals),
            "Action": list(self.actions),
            "Resource": list(self.resources),
            "Condition": {operator: dict(pairs) for operator, pairs in self.conditions.items()},
        }
        return {name: value for name, value in parts.items() if value}


def document(*statements: Statement) -> str:
    """The policy document of the statements, the same text for the same statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": [s.plain() for s in statements]}, sort_keys=True)


def trust(service: str, account: str) -> str:
    """The trust policy that lets one AWS service take a role, on behalf of this account only."""
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "TakenByTheServiceForThisAccount",
                    "Effect": "Allow",
                    "Principal": {"Service": service},
                    "Action": "sts:AssumeRole",
                    "Condition": {"StringEquals": {"aws:SourceAccount": account}},
                }
            ],
        },
        sort_keys=True,
    )


def tls_only(*arns: str) -> Statement:
    """Refuses every request to the resources that does not come over TLS."""
    return Statement(
        sid="RefuseUnencryptedTransport",
        effect="Deny",
        principals={"AWS": "*"},
        actions=("s3:*",),
        resources=arns,
        conditions={"Bool": {"aws:SecureTransport": "false"}},
    )
