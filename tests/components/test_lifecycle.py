"""From retention to lifecycle rules, without Pulumi."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from components.aws.bucket import lifecycle_rule
from components.lifecycle import (
    LAKE_PREFIXES,
    QUERY_RESULT_DAYS,
    RECOVERY_DAYS,
    LifecycleRule,
    Move,
    failed_batch_rules,
    lake_rules,
    log_rules,
)
from stacks.models import Retention
from stacks.retention import stages, storage_classes

RETENTIONS = st.lists(st.integers(1, 3650), min_size=3, max_size=3).map(sorted)


def moves_of(hot: int, cool: int, delete: int) -> tuple[Move, ...]:
    return tuple(Move(stage.storage_class.name, stage.start) for stage in stages("aws", hot, cool, delete))


@given(RETENTIONS)
def test_objects_only_ever_get_older_and_colder_until_they_are_deleted(days: list[int]) -> None:
    hot, cool, delete = days
    bronze = lake_rules(moves_of(hot, cool, delete), delete)[0]
    ages = [*(move.after_days for move in bronze.moves), bronze.delete_after_days]
    assert ages == sorted(set(ages))
    order = [kind.name for kind in storage_classes("aws")]
    used = [order.index(move.storage_class) for move in bronze.moves]
    assert used == sorted(set(used))
    assert bronze.delete_after_days == delete


@given(RETENTIONS)
def test_a_retention_that_the_stack_file_accepts_keeps_every_minimum_stay(days: list[int]) -> None:
    hot, cool, delete = days
    shortfalls = [
        stage
        for stage in stages("aws", hot, cool, delete)
        if stage.end - stage.start < stage.storage_class.minimum_stay_days
        or stage.start < stage.storage_class.earliest_day
    ]
    bronze = lake_rules(moves_of(hot, cool, delete), delete)[0]
    if bronze.moves and not shortfalls:
        ends = [*(move.after_days for move in bronze.moves[1:]), delete]
        stays = {move.storage_class: end - move.after_days for move, end in zip(bronze.moves, ends, strict=True)}
        assert all(stays[kind.name] >= kind.minimum_stay_days for kind in storage_classes("aws") if kind.name in stays)


def test_the_default_retention_by_value() -> None:
    keep = Retention()
    rules = {
        rule.name: rule
        for rule in lake_rules(moves_of(keep.hot_days, keep.cool_days, keep.delete_after_days), keep.delete_after_days)
    }
    assert rules == {
        "bronze": LifecycleRule("bronze", "bronze/", (Move("STANDARD_IA", 30), Move("GLACIER_IR", 150)), 730),
        "quarantine": LifecycleRule("quarantine", "quarantine/", (), 730),
        "dead-letter": LifecycleRule("dead-letter", "dead-letter/", (), 730),
        "query-results": LifecycleRule("query-results", "query-results/", (), QUERY_RESULT_DAYS),
        "housekeeping": LifecycleRule("housekeeping", "", (), None, RECOVERY_DAYS, 7),
    }


def test_no_rule_touches_the_files_of_a_table_format() -> None:
    """Iceberg knows its files by name: a lifecycle rule that deletes one breaks the table."""
    for rule in lake_rules(moves_of(30, 60, 90), 90):
        assert rule.prefix == "" or rule.prefix in LAKE_PREFIXES
        if rule.prefix in ("", "silver/", "gold/"):
            assert rule.moves == ()
            assert rule.delete_after_days is None


@given(st.integers(24, 8760))
def test_raw_failed_batches_never_outlive_the_replay_window(replay_hours: int) -> None:
    expire, housekeeping = failed_batch_rules(replay_hours)
    assert expire.prefix == ""
    assert expire.delete_after_days is not None
    assert 1 <= expire.delete_after_days <= replay_hours / 24
    assert housekeeping.recovery_days == 1


def test_access_logs_expire_with_the_other_logs() -> None:
    expire, housekeeping = log_rules(90)
    assert (expire.prefix, expire.delete_after_days) == ("", 90)
    assert housekeeping.recovery_days == 1


def test_a_rule_as_s3_has_it() -> None:
    rule = lifecycle_rule(LifecycleRule("cold", "bronze/", (Move("STANDARD_IA", 31),), 365, 14, 3))
    assert (rule.id, rule.status) == ("cold", "Enabled")
    assert rule.filter.prefix == "bronze/"
    assert [(move.days, move.storage_class) for move in rule.transitions] == [(31, "STANDARD_IA")]
    assert rule.expiration.days == 365
    assert rule.noncurrent_version_expiration.noncurrent_days == 14
    assert rule.abort_incomplete_multipart_upload.days_after_initiation == 3
    bare = lifecycle_rule(LifecycleRule("nothing", ""))
    assert bare.transitions is None
    assert bare.expiration is None
    assert bare.noncurrent_version_expiration is None
    assert bare.abort_incomplete_multipart_upload is None
