"""What is known of a resource type: whether it holds or moves data, and who looks after where that goes.

Each type has one standing:

- `judged`: a rule looks at this very type, at more than its labels, its retention or its price. Derived from the rules
  and from the tables that they read; nobody writes it by hand.
- `located`: it holds or moves data. The rules that look at every type of its cloud judge where it lies and what its
  inputs name (SOV-AWS-001, -002 and -006; SOV-AZ-001; SOV-GCP-001 and -006), and a row of the table says that somebody
  has read its inputs and found no other way out.
- `none`: it holds and moves no data; the row says why.
- `unclassified`: nobody has read its inputs, or somebody has and found a way out that no rule judges. It fails closed:
  CLS-X-001 reports it.

That the generic rules see a resource's region is not enough: a replica, an export or a share may stand in an input
that they do not read. So a type that holds data needs a row even where its region is judged. That is as far as it goes:
`located` promises where bytes lie and go, not that they are encrypted; the rules that promise more name their types.
The price of a type without a row is one line of the pack's config, and the finding prints that line. Config classifies
what is unclassified and nothing else: it cannot take a rule away from a type.

`data/types.csv` names types by module and class (`aws:ec2`, `Instance`), several in one cell, `*` for any letters. An
exact name stands before a pattern, and a pattern with more letters before one with fewer.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from fnmatch import fnmatchcase
from functools import cache
from typing import Final, NamedTuple

from policies.facts import rows
from policies.model import CLOUDS
from policies.rules import rules

TABLE: Final = "types.csv"
ABOUT_PLACES: Final = ("azure_places.csv", "gcp_locations.csv", "egress.csv")
"""Tables of inputs of single types, for rules that look at a whole cloud too."""
WHOLE_CLOUD: Final = frozenset({"SOV-AWS-001", "SOV-AWS-002", "SOV-AZ-001", "SOV-GCP-001"})
"""Rules that see where any type of a cloud lies: one of them that names a type does not look further into it."""
JUDGING: Final = frozenset({"sovereignty", "encryption", "network", "identity"})
"""Categories of rules that look at what becomes of data; a type that only others name is not judged."""
SEVERAL: Final = "*"


class Class(Enum):
    """The four standings."""

    JUDGED = "judged"
    LOCATED = "located"
    NONE = "none"
    UNCLASSIFIED = "unclassified"


WRITTEN: Final = {one.value: one for one in (Class.LOCATED, Class.NONE)}
"""What a line of config may say."""


class Standing(NamedTuple):
    """A class, and the sentence that gives the reason; empty where nobody has looked."""

    kind: Class
    reason: str = ""


class Row(NamedTuple):
    """One name, or pattern of names, of the table."""

    module: str
    name: str
    standing: Standing

    @property
    def exact(self) -> bool:
        """Whether it names one type."""
        return SEVERAL not in self.module + self.name

    def matches(self, module: str, name: str) -> bool:
        """Whether it is about the class `name` of `module`."""
        return fnmatchcase(module, self.module) and fnmatchcase(name, self.name)


@cache
def written() -> tuple[Row, ...]:
    """The table, a row for each name."""
    found: list[Row] = []
    for row in rows(TABLE):
        standing = Standing(Class(row["class"]), row["reason"])
        first, *more = row["module"].split()
        package = first.partition(":")[0]
        for module in (first, *(f"{package}:{one}" for one in more)):
            found += (Row(module, name, standing) for name in row["types"].split())
    return tuple(found)


def parts(kind: str) -> tuple[str, str]:
    """The module and the class of a type token: aws:ec2/instance:Instance is Instance of aws:ec2."""
    module, _, name = kind.rpartition(":")
    return module.partition("/")[0], name


@cache
def judged() -> frozenset[str]:
    """The types that a rule looks at by name."""
    looking = (one for one in rules() if one.about.category in JUDGING and one.id not in WHOLE_CLOUD)
    named = {kind for one in looking for kind in one.types if SEVERAL not in kind}
    return frozenset(named | {row["type"] for table in ABOUT_PLACES for row in rows(table)})


def standing(kind: str, classified: Mapping[str, str] | None = None) -> Standing:
    """The standing of a type token; `classified` is the config's, which fills what the table leaves open."""
    ours = _standing(kind)
    if ours.kind is Class.UNCLASSIFIED and classified:
        for entry in sorted(classified, key=_weight, reverse=True):
            if fnmatchcase(kind, entry):
                return _told(classified[entry])
    return ours


@cache
def _standing(kind: str) -> Standing:
    if kind in judged():
        return Standing(Class.JUDGED)
    module, name = parts(kind)
    exact = _exact().get((module, name))
    if exact is not None:
        return exact
    found = (one.standing for one in _patterns(module) if fnmatchcase(name, one.name))
    return next(found, Standing(Class.UNCLASSIFIED))


@cache
def _exact() -> dict[tuple[str, str], Standing]:
    return {(one.module, one.name): one.standing for one in written() if one.exact}


@cache
def _patterns(module: str) -> tuple[Row, ...]:
    """The rows with a variable part that are about a module, those that fix most first."""
    anywhere = (one for key, several in _by_module().items() if SEVERAL in key for one in several)
    about = [*_by_module().get(module, ()), *(one for one in anywhere if fnmatchcase(module, one.module))]
    return tuple(sorted(about, key=lambda one: (_weight(one.name), _weight(one.module)), reverse=True))


@cache
def _by_module() -> dict[str, tuple[Row, ...]]:
    found: dict[str, tuple[Row, ...]] = {}
    for one in written():
        if not one.exact:
            found[one.module] = (*found.get(one.module, ()), one)
    return found


def _weight(pattern: str) -> int:
    """How many letters a pattern fixes; one without any variable part fixes all there is."""
    return len(pattern.replace(SEVERAL, "")) + (0 if SEVERAL in pattern else 1000)


def _told(text: str) -> Standing:
    """What an entry of the config says; one that says no class, or no reason, classifies nothing."""
    said, _, reason = text.partition(":")
    kind = WRITTEN.get(said.strip(), Class.UNCLASSIFIED) if reason.strip() else Class.UNCLASSIFIED
    return Standing(kind, reason.strip())


def faults(classified: Mapping[str, str]) -> list[str]:
    """What is wrong with the config's `classified`: a sentence for each entry that says no class, or no reason."""
    found: list[str] = []
    for entry, text in classified.items():
        said, _, reason = text.partition(":")
        if said.strip() not in WRITTEN:
            found.append(
                f"{entry}: {text!r} begins with no class: write {' or '.join(sorted(WRITTEN))}, and the reason"
            )
        elif not reason.strip():
            found.append(f"{entry}: {text!r} gives no reason: write {said.strip()}: and why")
        if _too_wide(entry):
            found.append(f"{entry} takes in a whole cloud: name the module at least, as in aws:appflow/*")
    return found


def _too_wide(entry: str) -> bool:
    """Whether a pattern fixes no module: of a package that the pack knows, or of any at all."""
    package, _, rest = entry.partition(SEVERAL)[0].partition(":")
    return SEVERAL in entry and (not package or (not rest and (package in CLOUDS or ":" not in entry)))


def line(kind: str) -> str:
    """The line of the pack's config that classifies a type, with the reason left to its reader."""
    return f'classified: {{"{kind}": "none: <why it can neither hold nor move data>"}}'
