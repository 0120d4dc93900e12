"""How a boundary may be spelled: jurisdictions, ISO country codes, and unions of both."""

from __future__ import annotations

import pytest

import geography
from geography import Boundary, UnknownBoundary, area


def test_every_name_of_the_table_is_itself_in_letters_of_either_size() -> None:
    for one in geography.boundaries():
        assert area(one.name) is one
        assert area(f"  {one.name.upper()} ") is one


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("DE", "de"),
        ("gb", "uk"),
        ("GB", "uk"),
        ("jp", "jp"),
        ("us", "us"),
        ("uk+eu", "eu+uk"),
        ("EU+GB", "eu+uk"),
        ("uk+eu+ch", "eu+ch+uk"),
        ("ch+gb+eu+ch", "eu+ch+uk"),
        ("eu+eu", "eu"),
        ("uk+EEA", "eea+uk"),
        ("us+ca", "ca+us"),
        (" uk + eu ", "eu+uk"),
        ("ch+eu", "eu+ch"),
    ],
)
def test_other_spellings_of_an_entry(text: str, name: str) -> None:
    assert area(text) is geography.boundary(name)


def test_a_union_that_has_no_entry_is_made() -> None:
    jp, sg = geography.boundary("jp"), geography.boundary("sg")
    assert area("SG+jp") == Boundary(
        "jp+sg", f"{sg.title} and {jp.title}", jp.jurisdictions | sg.jurisdictions, jp.countries | sg.countries
    )
    assert area("jp+jp").name == "jp"


def test_a_union_of_countries_holds_those_and_no_neighbour() -> None:
    both = area("de+fr")
    assert both.name == "de+fr"
    assert both.countries == {"DE", "FR"}
    for one in geography.regions("aws"):
        assert both.holds(one) == (one.country in ("DE", "FR"))


def test_a_union_holds_what_each_of_its_parts_holds() -> None:
    for text in ("jp+sg", "de+uk", "eu+us"):
        whole, parts = area(text), [area(part) for part in text.split("+")]
        for one in geography.regions():
            assert whole.holds(one) or not any(part.holds(one) for part in parts)


@pytest.mark.parametrize(
    ("text", "part", "suggestions"),
    [
        ("mars", "mars", ()),
        ("eu+mars", "mars", ()),
        ("mars+eu", "mars", ()),
        ("german", "german", ("de",)),
        ("", "", ()),
        ("eu+", "", ()),
        ("eu uk", "eu uk", ()),
    ],
)
def test_the_part_that_there_is_not_is_named(text: str, part: str, suggestions: tuple[str, ...]) -> None:
    with pytest.raises(UnknownBoundary) as raised:
        area(text)
    assert raised.value.name == part
    assert not suggestions or raised.value.suggestions == suggestions
    assert str(raised.value) == f"there is no boundary {part!r}"
