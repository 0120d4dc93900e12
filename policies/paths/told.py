"""What the rules say of a stack, by resource and input: paths name the rules that report them, and none is left out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.judge import judge
from policies.model import Resource, Stack
from policies.paths.facts import kinds
from policies.paths.model import Edge, Hop, Spot, Verdict
from policies.rules import FIRM
from policies.values import Reading


class Told:
    """The statements of the rules about ways of bytes."""

    def __init__(self, stack: Stack) -> None:
        self._fails: dict[str, list[tuple[str, str, str]]] = {}
        self._unsure: set[tuple[str, str]] = set()
        self._resources = {one.urn: one for one in stack.resources}
        # Without a boundary there is nothing to leave, but everybody can still be let in.
        about = {one for one in kinds() if stack.boundary is not None or not one.startswith(FIRM)}
        outcome = judge(stack)
        for one in outcome.failed:
            if one.resource is not None and one.rule.id in about:
                entry = (one.rule.id, one.said.path, one.said.message)
                self._fails.setdefault(one.resource.urn, []).append(entry)
        for one in outcome.unsure:
            if one.resource is not None and one.rule.id in about:
                self._unsure.add((one.resource.urn, one.said.path))

    def fails(self, resource: Resource, at: Reading) -> bool:
        """Whether a rule reports this very input."""
        return any(path == at.path for _, path, _ in self._fails.get(resource.urn, ()))

    def unsure(self, resource: Resource, at: Reading) -> bool:
        """Whether a rule waits for this very input."""
        return (resource.urn, at.path) in self._unsure

    def rules(self, urn: str, path: str) -> tuple[str, ...]:
        """The rules that report a resource at an input: at its very path, or else anywhere in the same input."""
        said = self._fails.get(urn, ())
        exact = [rule for rule, at, _ in said if at == path]
        near = [rule for rule, at, _ in said if _top(at) == _top(path)]
        return tuple(sorted(set(exact or near)))

    def any_rules(self, urn: str) -> tuple[str, ...]:
        """The rules that report a resource, at whatever input."""
        return tuple(sorted({rule for rule, _, _ in self._fails.get(urn, ())}))

    def says(self, urn: str, word: str) -> bool:
        """Whether a rule reports a resource in a sentence that has a word in it: whom it lets in, say."""
        return any(word in message for _, _, message in self._fails.get(urn, ()))

    def left(self, shown: set[tuple[str, str]]) -> Iterator[Edge]:
        """What the rules report and no edge shows: `shown` holds resources and inputs of edges that leave."""
        tops = {(urn, _top(path)) for urn, path in shown}
        for urn, said in self._fails.items():
            resource = self._resources[urn]
            for rule, path, message in said:
                if (urn, _top(path)) not in tops:
                    tops.add((urn, _top(path)))
                    hop = Hop(urn, path, kinds()[rule], message)
                    yield Edge(resource, Spot(_where(message), Verdict.LEAVES), hop)


def _top(path: str) -> str:
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def _where(message: str) -> str:
    """The place that a rule's message names; it stands before the words that say that it is outside."""
    found = re.search(r"(?:to|in|is|of) ([^ ,]+)(?: \([^)]*\))?,? (?:outside|which is no)", message)
    return found[1] if found else "outside the boundary"
