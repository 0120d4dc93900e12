"""The choice of an emulator, and what the data about them says."""

from __future__ import annotations

import pytest

from homeshore.errors import UserError
from homeshore.local.emulators import choose, embedded_row, rows
from homeshore.local.kinds import KINDS

LOCAL = "http://127.0.0.1:4566"


def test_without_any_hint_the_embedded_one_is_started() -> None:
    choice = choose(environment={})
    assert (choice.endpoint, choice.source) == (None, "default")
    assert embedded_row().id == "ministack"


@pytest.mark.parametrize(
    ("environment", "endpoint"),
    [
        ({"AWS_ENDPOINT_URL": LOCAL}, LOCAL),
        ({"AWS_ENDPOINT_URL": "http://localhost:4566/"}, "http://localhost:4566"),
        ({"AWS_ENDPOINT_URL": "http://[::1]:4566"}, "http://[::1]:4566"),
        ({"LOCALSTACK_HOST": "localhost"}, "http://localhost:4566"),
        ({"LOCALSTACK_HOST": "localhost:4599"}, "http://localhost:4599"),
        ({"LOCALSTACK_HOST": "localhost.localhost:1", "USE_SSL": "1"}, "https://localhost.localhost:1"),
        ({"AWS_ENDPOINT_URL": LOCAL, "LOCALSTACK_HOST": "elsewhere"}, LOCAL),
        ({"AWS_ENDPOINT_URL": "  ", "LOCALSTACK_HOST": "127.0.0.1"}, LOCAL),
    ],
)
def test_one_on_this_machine_is_taken_from_the_environment(environment: dict[str, str], endpoint: str) -> None:
    choice = choose(environment=environment)
    assert choice.endpoint == endpoint
    assert choice.source in environment


@pytest.mark.parametrize("empty", [{"AWS_ENDPOINT_URL": ""}, {"LOCALSTACK_HOST": " "}])
def test_an_empty_variable_says_nothing(empty: dict[str, str]) -> None:
    assert choose(environment=empty).endpoint is None


def test_the_embedded_one_can_be_asked_for_against_the_environment() -> None:
    assert choose("ministack", environment={"AWS_ENDPOINT_URL": LOCAL}).endpoint is None


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "LOCALSTACK_HOST"])
def test_another_machine_has_to_be_named_on_the_command_line(variable: str) -> None:
    host = "10.0.0.7:4566"
    value = f"http://{host}" if variable == "AWS_ENDPOINT_URL" else host
    with pytest.raises(UserError, match=rf"{variable}.*not on this machine.*--endpoint http://10\.0\.0\.7:4566"):
        choose(environment={variable: value})
    assert choose(endpoint=f"http://{host}", environment={}).endpoint == f"http://{host}"


@pytest.mark.parametrize(
    ("emulator", "endpoint", "environment", "said"),
    [
        ("motoserver", None, {}, "no such emulator; known: auto, ministack, localstack"),
        ("localstack", None, {}, "where does it run"),
        ("ministack", LOCAL, {}, "started on a free port"),
        ("auto", "localhost:4566", {}, "is not a URL"),
        ("auto", "https://kinesis.somewhere.amazonaws.com", {}, "the real cloud"),
        ("auto", None, {"AWS_ENDPOINT_URL": "https://s3.amazonaws.com"}, "the real cloud"),
        ("auto", None, {"AWS_ENDPOINT_URL": "nonsense"}, "is not a URL"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    emulator: str, endpoint: str | None, environment: dict[str, str], said: str
) -> None:
    with pytest.raises(UserError, match=said):
        choose(emulator, endpoint, environment)


def test_every_row_says_what_it_proves_and_where_its_limits_are() -> None:
    assert [row.embedded for row in rows().values()].count(True) == 1
    for row in rows().values():
        assert row.proves
        assert row.limits
        assert row.checked_with


def test_what_is_not_read_back_names_types_that_are_applied_and_gives_a_reason() -> None:
    entries = [item for row in rows().values() for item in row.unread]
    assert {item.type for item in entries} <= set(KINDS)
    assert all(item.reason and item.path for item in entries)
    assert len({(item.type, item.path) for item in entries}) == len(entries)
