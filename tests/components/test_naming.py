"""Physical names: within the clouds' limits, deterministic, never shared by two stacks."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.naming import BUCKET_LIMIT, NAME_LIMIT, Names
from stacks.config import StackConfig
from tests.components.conftest import ACCOUNT, BUILT

ENVIRONMENTS = st.from_regex(r"[a-z](-?[a-z0-9]){0,39}", fullmatch=True)
REGIONS = st.sampled_from([place.name for place in BUILT])
STACKS = st.builds(
    Names,
    environment=ENVIRONMENTS,
    generation=st.integers(1, 99),
    account=st.from_regex(r"[0-9]{12}", fullmatch=True),
    region=REGIONS,
)
LONGEST_ENVIRONMENT = StackConfig.model_json_schema()["properties"]["environment"]["maxLength"]
BUCKET_ROLES = ("lake", "failed", "logs")
LOCAL_ROLES = ("events", "processor", "services", "network", "sql", "alerts", "write-throttles")
WIDE_ROLES = ("processor", "flows", "pipeline")
# S3 User Guide, "General purpose bucket naming rules".
BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")


@given(STACKS)
def test_a_bucket_name_is_one_that_s3_takes(names: Names) -> None:
    for role in BUCKET_ROLES:
        name = names.world_wide(role)
        assert BUCKET.fullmatch(name)
        assert len(name) <= BUCKET_LIMIT
        assert not name.startswith(("xn--", "sthree-", "amzn-s3-demo-"))
        assert not name.endswith(("-s3alias", "--ol-s3", "--x-s3", "--table-s3"))


@given(STACKS)
def test_other_names_fit_the_shortest_limit_and_keep_their_role(names: Names) -> None:
    for name in [*map(names.local, LOCAL_ROLES), *map(names.account_wide, WIDE_ROLES)]:
        assert re.fullmatch(r"[a-z0-9-]+", name)
        assert len(name) <= NAME_LIMIT
    assert names.local("processor").endswith(f"-g{names.generation}-processor")
    assert re.fullmatch(r"[a-z0-9_]{1,255}", names.identifier("lake"))


@given(STACKS, STACKS)
def test_two_stacks_share_no_name(first: Names, second: Names) -> None:
    if first == second:
        return
    for role in BUCKET_ROLES:
        assert first.world_wide(role) != second.world_wide(role)
    if first.account == second.account:
        assert all(first.account_wide(role) != second.account_wide(role) for role in WIDE_ROLES)
        if first.region == second.region:
            assert all(first.local(role) != second.local(role) for role in LOCAL_ROLES)
            assert first.path("key") != second.path("key")


def test_names_are_spelled_as_dashboards_and_people_know_them() -> None:
    region = min((place.name for place in BUILT), key=len)
    names = Names("dev", 2, ACCOUNT, region)
    assert names.local("events") == "homeshore-dev-g2-events"
    assert names.account_wide("flows") == f"homeshore-dev-g2-{region}-flows"
    assert names.world_wide("lake") == f"homeshore-dev-g2-{ACCOUNT}-{region}-lake"
    assert names.identifier("lake") == "homeshore_dev_g2_lake"
    assert names.path("key") == "homeshore/dev-g2/key"


@given(STACKS)
def test_every_environment_that_the_stack_file_accepts_stands_in_full(names: Names) -> None:
    if len(names.environment) <= LONGEST_ENVIRONMENT:
        everything = [
            *map(names.world_wide, BUCKET_ROLES),
            *map(names.local, LOCAL_ROLES),
            *map(names.account_wide, WIDE_ROLES),
        ]
        assert all(name.startswith(f"homeshore-{names.environment}-g{names.generation}-") for name in everything)


def test_a_long_environment_is_cut_and_stays_unique() -> None:
    longest = max((place.name for place in BUILT), key=len)
    twins = [Names(f"a-very-long-environment-{last}", 99, ACCOUNT, longest) for last in ("blue", "green")]
    cut = [names.world_wide("failed") for names in twins]
    assert cut[0] != cut[1]
    assert all(len(name) == BUCKET_LIMIT and name.endswith(f"-{longest}-failed") for name in cut)


def test_a_role_that_leaves_no_room_for_the_environment_is_refused() -> None:
    with pytest.raises(ValueError, match="no room for an environment"):
        Names("dev", 1, ACCOUNT, BUILT[0].name).world_wide("r" * 40)
