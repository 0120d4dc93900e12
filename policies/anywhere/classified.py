"""Types that nobody has looked at: they fail closed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.rules import ANY, Case, Said, rule
from policies.standings import Class, line, standing

STRANGE: Final = "it is of a package that this pack does not know"


@rule("CLS-X-001", ANY)
def type_is_classified(case: Case) -> Iterator[Said]:
    """A type is judged by a rule, or a row says that it stays where it lies, or holds nothing.

    A component holds nothing itself: its children are judged. It is reported without a boundary too.
    """
    resource = case.resource
    if not resource.custom:
        return
    found = standing(resource.type, case.stack.parameters.classified)
    if found.kind is Class.UNCLASSIFIED:
        why = found.reason or (STRANGE if resource.cloud is None else "nobody has said whether it holds or moves data")
        yield case.fail(
            "",
            f"{resource.type} is not classified: {why}. No rule judges where its data goes; add {line(resource.type)}",
        )
