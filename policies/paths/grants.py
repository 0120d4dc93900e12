"""Who may read a store, and what its readers may write: rights as edges, in both directions that bytes can go."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, cast

from policies.aws.access import WITH_POLICY as OF_A_STORE
from policies.aws.documents import Document, Statement, document
from policies.aws.whereabouts import arn
from policies.azure import joins
from policies.azure.facts import named as azure_names
from policies.model import Resource, Stack
from policies.paths.aims import Register, outside
from policies.paths.facts import granted, role
from policies.paths.model import Edge, Hop, Spot, Verdict
from policies.paths.told import Told
from policies.values import Reading, State, as_json

ROLE: Final = "aws:iam/role:Role"
OF_A_HOLDER: Final = (
    *("aws:iam/policy:Policy", "aws:iam/rolePolicy:RolePolicy"),
    *("aws:iam/userPolicy:UserPolicy", "aws:iam/groupPolicy:GroupPolicy"),
)
ACCOUNT: Final = "gcp:serviceaccount/account:Account"
ASSIGNMENT: Final = "azure-native:authorization:RoleAssignment"
IDENTITIES: Final = "identity.userAssignedIdentities"
MEMBER: Final = re.compile(r"gcp:\w+/\w*(?:IAM|Iam)(?:Member|Binding):\w+")
AGENT: Final = re.compile(r"(?:service|project)-\d+@|\d+@cloudservices\.|@google\.com$|@gcp-sa-", re.IGNORECASE)
"""Google's own programs, which work in the same place as the resource that they serve."""
EVERYBODY: Final = ("allusers", "allauthenticatedusers")
THE_INTERNET: Final = Spot("everybody on the internet", Verdict.LEAVES)
BOTH: Final = frozenset({"reads", "writes"})
ACCOUNT_DIGITS: Final = re.compile(r"\d{12}")
GUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$", re.IGNORECASE)


class Grants:
    """Reads the rights of one stack."""

    def __init__(self, stack: Stack, told: Told, register: Register) -> None:
        self.stack = stack
        self.told = told
        self.register = register

    def edges(self) -> Iterator[Edge]:
        """Every edge that a right opens."""
        for resource in self.stack.resources:
            if resource.type in OF_A_HOLDER:
                yield from self._of_a_holder(resource, "policy")
            elif resource.type == ROLE:
                for at in resource.read_all("inlinePolicies[].policy"):
                    yield from self._document(resource, resource, document(at))
            if resource.type in OF_A_STORE:
                yield from self._of_a_store(resource)
            elif resource.type == ASSIGNMENT:
                yield from self._assignment(resource)
            elif MEMBER.fullmatch(resource.type):
                yield from self._member(resource)
            if resource.cloud == "azure":
                yield from self._identities(resource)

    def _of_a_holder(self, resource: Resource, path: str) -> Iterator[Edge]:
        at = resource.read(path)
        yield from self._document(resource, resource, document(at))
        if at.unknown:  # what it names is known, not what it allows
            for one in self.register.meant(resource, at):
                yield from self._both(resource, one, BOTH, Hop(resource.urn, path, "grant", "what its holder may do"))

    def _document(self, holder: Resource, opener: Resource, found: Document) -> Iterator[Edge]:
        """The statements of a policy that say what its holder may do with whom."""
        for statement in found.statements:
            does = _does(statement.texts("action"))
            if statement.denies or not does or statement.has("notaction"):
                continue
            hop = Hop(opener.urn, found.at.path, "grant", statement.label)
            for text in statement.texts("resource"):
                at = Reading(found.at.path, State.KNOWN, text)
                meant = self.register.meant(opener, at)
                for one in meant:
                    yield from self._both(holder, one, does, hop)
                said = outside(self.stack, opener, text, "arn") if not meant and "writes" in does else None
                if said is not None and said.verdict is Verdict.LEAVES:
                    yield Edge(holder, said, hop)

    def _both(self, holder: Resource, one: Resource, does: Iterable[str], hop: Hop) -> Iterator[Edge]:
        known = role(one.type)
        if one is holder or known is None or known.role in ("key", "identity", "wiring"):
            return
        if "reads" in does:
            yield Edge(one, holder, hop)
        if "writes" in does:
            yield Edge(holder, one, hop)

    def _of_a_store(self, resource: Resource) -> Iterator[Edge]:
        """A policy that stands at a store: whom it lets read."""
        ours = self._accounts() | self.stack.parameters.allowed_accounts
        for at in resource.read_all("policy"):
            for statement in document(at).statements:
                if statement.allows and "reads" in _does(statement.texts("action")):
                    hop = Hop(resource.urn, at.path, "grant", statement.label)
                    yield from (Edge(resource, spot, hop) for spot in self._principals(resource, statement, ours))

    def _principals(self, resource: Resource, statement: Statement, ours: frozenset[str]) -> Iterator[Spot]:
        """Whom a statement lets in, besides services and the stack's own accounts."""
        if statement.speaks_to_everybody:
            if not statement.narrowed and not statement.condition_unknown:
                yield THE_INTERNET
            return
        for kind, text in statement.principals:
            said = arn(text)
            account = said.account if said else text
            # Where no provider says which account is ours, nobody can tell whether this is another one.
            if ours and kind.lower() == "aws" and ACCOUNT_DIGITS.fullmatch(account) and account not in ours:
                yield self._somebody(resource, f"account {account}", account)

    def _somebody(self, opener: Resource, name: str, word: str) -> Spot:
        """Somebody who is let in by name; where a rule says that nobody has allowed it, the bytes are gone."""
        return Spot(name, Verdict.LEAVES if self.told.says(opener.urn, word) else Verdict.NAMED)

    def _accounts(self) -> frozenset[str]:
        """The accounts that the stack's providers are held to. A provider's list is written as a text of JSON."""
        said = [one.read("allowedAccountIds") for one in self.stack.resources if one.is_provider]
        lists = [as_json(one.value) if isinstance(one.value, str) else one.value for one in said]
        return frozenset(str(one) for each in lists if isinstance(each, list) for one in cast("list[object]", each))

    def _identities(self, resource: Resource) -> Iterator[Edge]:
        """As whom a resource of Azure works. A store's identity opens its key and carries nothing."""
        known = role(resource.type)
        if known is None or known.role != "mover":
            return
        for path in (f"{IDENTITIES}[]", f"{IDENTITIES}.*"):
            at = resource.read(IDENTITIES)
            if isinstance(at.value, list) is not path.endswith("[]") or not at.present:
                continue
            for one in resource.read_all(path):
                for identity in self.register.meant(resource, one):
                    known = role(identity.type)
                    if known is not None and known.role == "identity":
                        hop = Hop(resource.urn, one.path, "as", "works as")
                        yield Edge(resource, identity, hop)
                        yield Edge(identity, resource, hop)

    def _assignment(self, resource: Resource) -> Iterator[Edge]:
        """A role that an identity, or a resource's own identity, has on another resource."""
        holders = self.register.meant(resource, resource.read("principalId"))
        found = GUID.search(resource.read("roleDefinitionId").text)
        does = granted("azure").get(found[0].lower(), BOTH) if found else BOTH
        scope = resource.read("scope")
        about = joins.target(self.stack, resource, scope, *azure_names()).inside
        named = [one for one in about if one.type != "azure-native:resources:ResourceGroup"]
        hop = Hop(resource.urn, "scope", "grant", resource.read("description").text or "a role")
        for holder in holders:
            for one in _innermost(named):
                yield from self._both(holder, one, does, hop)

    def _member(self, resource: Resource) -> Iterator[Edge]:
        """A member of a role on a store of Google Cloud."""
        does = granted("gcp").get(resource.read("role").text, BOTH)
        stores = [one for path in _ABOUT for one in self.register.meant(resource, resource.read(path))]
        for path in ("member", "members[]"):
            for at in resource.read_all(path):
                hop = Hop(resource.urn, at.path, "grant", resource.read("role").text or "a role")
                mail = Reading(at.path, at.state, at.text.partition(":")[2] if at.text else None)
                accounts = [one for one in self.register.meant(resource, mail) if one.type == ACCOUNT]
                for one in stores:
                    for account in accounts:
                        yield from self._both(account, one, does, hop)
                    if not accounts and "reads" in does and at.text and not self._ours(mail.text):
                        everybody = at.text.lower() in EVERYBODY
                        project = mail.text.partition("@")[2].partition(".")[0] or at.text
                        yield Edge(one, THE_INTERNET if everybody else self._somebody(resource, at.text, project), hop)

    def _ours(self, mail: str) -> bool:
        """Whether an address is one of Google's own programs, or of a project that the stack works in."""
        projects = {one.read("project").text for one in self.stack.resources if one.cloud == "gcp"} - {""}
        return bool(AGENT.search(mail)) or any(mail.endswith(f"@{one}.iam.gserviceaccount.com") for one in projects)


_ABOUT: Final = ("bucket", "topic", "subscription", "datasetId", "secretId", "repository")
"""Inputs of a grant that name what it is about."""


def _does(actions: Iterable[str]) -> frozenset[str]:
    """What a list of AWS actions lets one do with bytes."""
    verbs = granted("aws")
    found: set[str] = set()
    for action in actions:
        name = action.rpartition(":")[2].lower()
        if name in ("*", ""):
            return verbs["*"]
        fitting = [verb for verb in verbs if verb != "*" and name.startswith(verb)]
        found |= verbs[max(fitting, key=len)] if fitting else set()
    return frozenset(found)


def _innermost(found: list[Resource]) -> list[Resource]:
    """The resources that a scope means, without those that they are parts of."""
    return found[-1:] if len({one.type for one in found}) > 1 else found
