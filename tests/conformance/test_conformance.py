"""One suite over clouds and components: what each stack registers, rule by rule, against data that people review.

A stack is a stack file of this directory (the least that one can say, everything, open to some networks) or one of the
project's own. What a cloud does otherwise is declared in components/deviations.csv, or it fails here.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any, cast

import pytest

from tests.conformance import evidence, permissions, rules, settings, suite, tables
from tests.conformance.grants import granted
from tests.conformance.paths import texts
from tests.conformance.subjects import SANDBOX, Subject, fresh, stack_files, subject

EVERY = pytest.mark.parametrize("stack", list(stack_files()))
CLOUDS = ("aws", "azure", "gcp")


def broken(stack: str, rule: str) -> list[str]:
    """What breaks the rule and is not declared."""
    return [str(each) for each in suite.undeclared(subject(stack), rule)]


def every() -> list[Subject]:
    """All stacks."""
    return [subject(name) for name in stack_files()]


@EVERY
class TestConformance:
    """What holds for each stack on each cloud."""

    def test_every_type_has_been_looked_at(self, stack: str) -> None:
        assert broken(stack, "listed") == []

    def test_an_explicit_provider_everywhere_and_it_is_the_placements(self, stack: str) -> None:
        assert broken(stack, "provider") == []

    def test_every_resource_lies_below_its_component_and_every_component_below_the_pipeline(self, stack: str) -> None:
        assert broken(stack, "parent") == []

    def test_everything_lies_in_the_region_of_its_placement(self, stack: str) -> None:
        assert broken(stack, "region") == []

    def test_what_can_be_labelled_says_whose_it_is_and_what_it_holds(self, stack: str) -> None:
        assert broken(stack, "labels") == []

    def test_what_holds_data_is_encrypted_with_the_stacks_key(self, stack: str) -> None:
        assert broken(stack, "key") == []

    def test_nothing_is_encrypted_otherwise_by_its_own_settings(self, stack: str) -> None:
        assert broken(stack, "encrypted") == []
        assert broken(stack, "tls") == []

    def test_nothing_is_open_to_the_public(self, stack: str) -> None:
        assert broken(stack, "closed") == []

    def test_senders_networks_are_named_at_the_stream_and_nowhere_else(self, stack: str) -> None:
        assert broken(stack, "senders") == []

    def test_data_outlives_a_destroy_unless_both_keys_are_turned(self, stack: str) -> None:
        assert broken(stack, "protection") == []

    def test_the_cloud_itself_guards_data_against_deletion(self, stack: str) -> None:
        assert broken(stack, "kept") == []

    def test_names_are_decided_by_config_and_keep_the_clouds_rules(self, stack: str) -> None:
        assert broken(stack, "names") == []

    def test_a_replacement_never_finds_its_name_taken(self, stack: str) -> None:
        assert broken(stack, "replacing") == []

    def test_the_reviewed_permissions_are_given_and_no_others(self, stack: str) -> None:
        assert broken(stack, "grants") == []

    def test_no_permission_is_broad_without_a_reason(self, stack: str) -> None:
        assert broken(stack, "privilege") == []

    def test_the_outputs_have_the_same_names(self, stack: str) -> None:
        assert broken(stack, "outputs") == []


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_next_generation_takes_no_name_that_a_destroy_leaves_held(cloud: str) -> None:
    """Destroy leaves data and its guards, and some names stay held for months: generation 2 has others for all."""
    first, second = by_place(subject(f"{cloud}-minimum")), by_place(subject(f"{cloud}-minimum", generation=2))
    assert first.keys() == second.keys()
    kept = {place for place, (kind, _) in first.items() if tables.types()[kind].kept}
    assert kept
    assert {first[place] for place in kept} & set(second.values()) == set()


def by_place(stack: Subject) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Type and identity of what has a name, by its place in the tree."""
    named = [r for r in stack.managed if tables.types()[r.type].name]
    return {r.urn.split("::", 2)[2]: (r.type, rules.identity(stack, r)) for r in named}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_same_stack_file_gives_the_same_registrations(cloud: str) -> None:
    first, second = subject(f"{cloud}-minimum"), fresh(f"{cloud}-minimum")
    assert first.by_urn == second.by_urn
    assert first.snapshot.outputs == second.snapshot.outputs


@pytest.mark.parametrize("cloud", CLOUDS)
def test_public_mode_opens_the_stream_to_the_allowed_networks_only(cloud: str) -> None:
    """Where the cloud has network rules for streams; where not, that is a declared deviation."""
    opened = subject(f"{cloud}-open")
    allowed = opened.config["network"]["allowed_cidrs"]
    named = {cidr for r in opened.managed for text in texts(dict(r.inputs)) for cidr in allowed if cidr in text}
    declared = any(d.cloud == cloud and d.what == "sender networks" for d in tables.deviations())
    assert named == (set[str]() if declared else set(allowed))


@pytest.mark.parametrize("cloud", CLOUDS)
def test_private_mode_names_no_address_of_the_internet(cloud: str) -> None:
    """Every network that a private stack names is private, or Google's own restricted range."""
    ours = [ipaddress.ip_network(text) for text in ("10.0.0.0/8", "199.36.153.4/30", "0.0.0.0/0")]
    for resource in subject(f"{cloud}-maximum").managed:
        for text in texts(dict(resource.inputs)):
            for address in settings.ADDRESSES.findall(text):
                network = ipaddress.ip_network(address)
                assert any(network == each or network.subnet_of(each) for each in ours[:2]) or (  # type: ignore[arg-type]
                    network == ours[2] and resource.name.rpartition("-refuse-")[1]
                ), (resource.urn, address)


def test_every_deviation_is_declared_with_its_reason_and_still_shown() -> None:
    for deviation in tables.deviations():
        assert all((deviation.what, deviation.reason, deviation.source)), deviation
        assert evidence.unfounded(deviation, every()) == [], deviation


def test_no_row_of_the_tables_is_left_over() -> None:
    """A row that no stack needs any more would let something in that nobody has looked at."""
    registered = {resource.type for each in every() for resource in each.managed}
    assert tables.types().keys() <= registered
    assert {use.type for use in tables.key_uses()} == {facts.type for facts in tables.types().values() if facts.data}
    assert {setting.type for setting in tables.settings()} <= tables.types().keys()
    assert tables.name_rules().keys() == {facts.rule for facts in tables.types().values() if facts.rule}
    assert all(facts.reason for facts in tables.types().values() if facts.lies == "nowhere")


def test_every_permission_says_why_and_every_broad_one_is_needed() -> None:
    given = {(each.cloud, grant) for each in every() for grant, _ in granted(each)}
    for row in permissions.expected_rows():
        grants = [row.grant(standby=side) for side in (False, True)]
        assert row.why, row
        assert any((row.cloud, grant) in given for grant in grants), row
        assert bool(row.wide) == permissions.is_wide(row.cloud, grants[0]), row


def test_the_stack_files_of_the_suite_use_every_key() -> None:
    """What no stack file says is not judged: a new key of the stack file comes here too.

    But for the register of transfers: nothing is built of it, and what it says ends on a day.
    """
    said = {path for name in SANDBOX.glob("*.yaml") for path in paths_of(subject(name.stem).config)}
    missing = {key for key in all_keys() if key not in said and not key.startswith(("bring", "transfers"))}
    assert missing == set()


def paths_of(section: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """Dotted paths of the keys in a stack file."""
    for key, item in section.items():
        yield f"{above}{key}"
        if isinstance(item, dict):
            yield from paths_of(cast("dict[str, Any]", item), f"{above}{key}.")


def all_keys() -> set[str]:
    """Dotted paths of all keys that a stack file may have."""
    from stacks.config import StackConfig
    from tests.components.test_api import keys

    schema = StackConfig.model_json_schema()
    return set(keys(schema, schema["$defs"]))
