"""What if: the tables as they would be after a change that somebody fears. Pure; `supposed` lets them hold.

Four sentences, several of them parted by commas:

    uk not adequate              nobody's law accepts transfers to the United Kingdom any more
    us not adequate for eu       the European Union's alone does not
    hu leaves eu                 a country leaves its jurisdiction, or a jurisdiction a union (no leaves eea)
    aws REGION in us             a region lies under another law
    no azure REGION              a region is no more
"""

from collections.abc import Callable, Iterable, Sequence

from geography.places import (
    CLOUDS,
    Boundary,
    Region,
    Tables,
    UnknownBoundary,
    area,
    divided,
    known,
    near,
    supposed,
    tables,
)
from geography.transfers import adequacy

FORMS = (
    "JURISDICTION not adequate",
    "JURISDICTION not adequate for JURISDICTION",
    "JURISDICTION leaves BOUNDARY",
    "CLOUD REGION in JURISDICTION",
    "no CLOUD REGION",
)


class Unheard(ValueError):  # noqa: N818 - part of the package's interface, named for what is wrong
    """A sentence that nobody can suppose: `sentence` is it, `suggestions` are words that it may mean."""

    def __init__(self, sentence: str, problem: str, suggestions: Sequence[str] = ()) -> None:
        super().__init__(problem)
        self.sentence, self.problem, self.suggestions = sentence, problem, tuple(suggestions)


def supposing(sentences: Iterable[str]) -> Tables:
    """The tables after each change in turn, over those that hold here. Raises Unheard."""
    found = tables()
    said = [one.strip() for text in sentences for one in text.split(",")]
    for sentence in said:
        with supposed(found):
            found = _changed(sentence)
    return found


def _changed(sentence: str) -> Tables:
    words = sentence.lower().split()
    match words:
        case [where, "not", "adequate"]:
            return _not_adequate(sentence, where, None)
        case [where, "not", "adequate", "for", here]:
            return _not_adequate(sentence, where, here)
        case [who, "leaves", what]:
            return _leaves(sentence, who, what)
        case ["no", cloud, name]:
            return _without(_place(sentence, cloud, name))
        case [cloud, name, "in" | "is", where]:
            return _moved(_place(sentence, cloud, name), _jurisdiction(sentence, where))
        case _:
            forms = "; ".join(FORMS)
            raise Unheard(sentence, f"it has none of the forms that can be supposed: {forms}", _nearest(words))


def _nearest(words: list[str]) -> tuple[str, ...]:
    """The form whose own word one of `words` may mean."""
    keys = {"adequate": FORMS[0], "leaves": FORMS[2], "in": FORMS[3], "no": FORMS[4]}
    return next(((form,) for key, form in keys.items() if any(near(word, [key]) for word in words)), ())


def _not_adequate(sentence: str, where: str, here: str | None) -> Tables:
    there = _jurisdiction(sentence, where)
    whom = _area(sentence, here) if here else None
    lost = {
        (one, other)
        for row in adequacy()
        for one in known()[row.here].jurisdictions
        for other in known()[row.there].jurisdictions & there.jurisdictions
        if one != other and (whom is None or one in whom.jurisdictions)
    }
    if not lost:
        whose = f" of {whom.title}" if whom else ""
        problem = f"no decision{whose} accepts transfers to {there.title}: there is nothing to lose"
        raise Unheard(sentence, problem)
    held = tables()
    severed = held.severed | lost
    return Tables(
        held.regions, {name: divided(one, frozenset(severed)) for name, one in held.boundaries.items()}, severed
    )


def _leaves(sentence: str, who: str, what: str) -> Tables:
    leaver, union = _jurisdiction(sentence, who), _area(sentence, what)
    # A member state of a jurisdiction is a boundary of one country, named unlike the jurisdiction.
    member = leaver.name not in leaver.jurisdictions
    inside = leaver.countries <= union.countries
    if not inside or leaver.name == union.name or (not member and len(union.jurisdictions) == 1):
        raise Unheard(sentence, f"{leaver.title} is no part of {union.title} that could leave it")
    if member:
        home = "+".join(leaver.jurisdictions)
        if union.jurisdictions != leaver.jurisdictions:
            raise Unheard(
                sentence, f"{leaver.title} is in {union.title} through {home}", [f"{leaver.name} leaves {home}"]
            )
        return _secedes(leaver, home)
    return _each_boundary(
        lambda one: (
            one._replace(
                jurisdictions=one.jurisdictions - leaver.jurisdictions, countries=one.countries - leaver.countries
            )
            if union.jurisdictions <= one.jurisdictions
            else one
        )
    )


def _secedes(leaver: Boundary, home: str) -> Tables:
    """A country of a jurisdiction becomes one of its own, with its regions."""

    def apart(one: Boundary) -> Boundary:
        if one.name == leaver.name:
            return one._replace(jurisdictions=frozenset({leaver.name}))
        return one._replace(countries=one.countries - leaver.countries) if home in one.jurisdictions else one

    def placed(one: Region) -> Region:
        where = one.country.split("+") if one.country else []
        if home not in one.jurisdiction.split("+") or not leaver.countries & set(where):
            return one
        own = {leaver.name} if leaver.countries >= set(where) else {*one.jurisdiction.split("+"), leaver.name}
        return one._replace(jurisdiction="+".join(sorted(own)))

    held = _each_boundary(apart)
    return Tables({key: placed(one) for key, one in held.regions.items()}, held.boundaries, held.severed)


def _each_boundary(change: Callable[[Boundary], Boundary]) -> Tables:
    held = tables()
    return Tables(held.regions, {name: change(one) for name, one in held.boundaries.items()}, held.severed)


def _moved(place: Region, where: Boundary) -> Tables:
    held = tables()
    country = next(iter(where.countries)) if len(where.countries) == 1 else ""
    moved = place._replace(jurisdiction="+".join(sorted(where.jurisdictions)), country=country)
    return Tables({**held.regions, (place.cloud, place.name): moved}, held.boundaries, held.severed)


def _without(place: Region) -> Tables:
    held = tables()
    left = {
        key: one._replace(paired_region=None) if (one.cloud, one.paired_region) == (place.cloud, place.name) else one
        for key, one in held.regions.items()
        if key != (place.cloud, place.name)
    }
    return Tables(left, held.boundaries, held.severed)


def _place(sentence: str, cloud: str, name: str) -> Region:
    if cloud not in CLOUDS:
        raise Unheard(sentence, f"there is no cloud {cloud!r}: {', '.join(CLOUDS)}", near(cloud, list(CLOUDS)))
    found = {one.lower(): place for (whose, one), place in tables().regions.items() if whose == cloud}
    if name not in found:
        raise Unheard(sentence, f"{cloud} has no region {name!r}", near(name, list(found)))
    return found[name]


def _jurisdiction(sentence: str, text: str) -> Boundary:
    found = _area(sentence, text)
    if len(found.jurisdictions) > 1:
        members = " and ".join(sorted(found.jurisdictions))
        raise Unheard(sentence, f"{text} is a union: name one of {members}, a sentence for each", ())
    return found


def _area(sentence: str, text: str) -> Boundary:
    try:
        return area(text)
    except UnknownBoundary as unknown:
        problem = f"there is no jurisdiction, country or boundary {unknown.name!r}"
        raise Unheard(sentence, problem, unknown.suggestions) from None
