"""The lakehouse job's parts: how bronze is cut into chunks, the settings, the places, the views."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from processor.lakehouse.bronze import Item, Shelf, chunks, days_until
from processor.lakehouse.engine import memory_mib
from processor.lakehouse.job import Settings, place, refreshed_line
from processor.lakehouse.known import MOST_RANGES, Known, key_of
from processor.lakehouse.refresh import Counts
from processor.lakehouse.views import make_views, scope
from processor.sql.synapse import Batch
from tests.clouds.lakes import TODAY
from tests.processor.batches import shared_context


def item(name: str, written: float, size: int = 10, tag: str = "a") -> Item:
    return Item(f"bronze/day={TODAY}/hour=09/{name}", tag, written, size)


class Listed:
    """A bucket that only lists."""

    def __init__(self, *items: Item) -> None:
        self.listed = items

    def items(self, prefix: str) -> Iterator[Item]:
        yield from (found for found in self.listed if found.name.startswith(prefix))

    def fetch(self, name: str, to: Path) -> None:
        raise AssertionError(f"{name} is not to be fetched")


def cut(*items: Item, progress: int | None = None, chunk_bytes: int = 25) -> list[tuple[list[str], int]]:
    found = chunks(Listed(*items), [TODAY], lambda _: progress, chunk_bytes)
    return [([entry.name[-1] for entry in chunk.items], chunk.progress) for chunk in found]


def test_an_hour_is_cut_into_chunks_and_taken_up_where_it_was_left():
    items = [item(name, written) for written, name in enumerate("abcde")]
    (first, at_b), (second, at_d), (third, at_e) = cut(*items)
    assert (first, second, third) == (["a", "b"], ["c", "d"], ["e"])
    assert [names for names, _ in cut(*items, progress=at_b)] == [["c", "d"], ["e"]]
    assert cut(*items, progress=at_e) == []
    assert cut(*items, item("f", 9), progress=at_e)[0][0] == ["f"]
    assert [names for names, _ in cut(*items, progress=at_d, chunk_bytes=1)] == [["e"]]


def test_an_object_among_those_that_were_read_makes_the_hour_new():
    items = [item(name, written) for written, name in enumerate("abcd")]
    *_, (_, reached) = cut(*items)
    assert [names for names, _ in cut(*items, item("A", 0.5), progress=reached)] == [["a", "A"], ["b", "c"], ["d"]]
    changed = [items[0], item("b", 1, tag="other"), *items[2:]]
    assert len(cut(*changed, progress=reached)) == 2


def test_an_object_larger_than_a_chunk_is_a_chunk():
    assert [names for names, _ in cut(item("a", 1, 99), item("b", 2, 99), item("c", 3))] == [["a"], ["b"], ["c"]]


def test_days_are_counted_back_from_today():
    assert days_until(date(2026, 3, 2), 2) == [date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 2)]


def test_a_key_is_eight_bytes_of_the_ids_md5():
    """It is stored: whatever computes it, of whatever version, must find the same."""
    for text in ("", "0197a3c2-0000-7000-8000-000000000001", "é" * 300):
        digest = hashlib.md5(text.encode(), usedforsecurity=False).digest()
        (found,) = duckdb.execute(f"SELECT {key_of('?')}", [text]).fetchall()[0]
        assert found == int.from_bytes(digest[8:], "little") - 2**63


@pytest.mark.parametrize(("minutes", "ranges"), [(0, 0), (1, 1), (2, 1), (60, 1), (1000, 1)])
def test_minutes_that_follow_each_other_are_one_stretch(minutes: int, ranges: int):
    found = stretches(list(range(minutes)))
    assert len(found) == ranges
    if minutes:
        assert found == [(FIRST, FIRST + timedelta(minutes=minutes))]


def test_stretches_are_joined_where_the_gaps_are_smallest():
    assert len(stretches([2 * n for n in range(MOST_RANGES)])) == MOST_RANGES
    wide = [10 * n for n in range(MOST_RANGES - 1)]
    found = stretches([*wide, wide[-1] + 3, wide[-1] + 6])
    assert len(found) <= MOST_RANGES
    assert found[-1] == (FIRST + timedelta(minutes=wide[-1]), FIRST + timedelta(minutes=wide[-1] + 7))
    many = [3 * n for n in range(500)]  # all gaps alike: nothing says which to keep open
    for at in (many, [*many, 5000]):
        found = stretches(at)
        assert len(found) <= MOST_RANGES
        assert all(any(a <= FIRST + timedelta(minutes=n) < b for a, b in found) for n in at)


FIRST = datetime(2026, 3, 2, 7)  # noqa: DTZ001 - UTC, as DuckDB has it


def stretches(minutes: list[int]) -> list[tuple[datetime, datetime]]:
    """What the second reading asks for, when keys were found at those minutes."""
    connection = duckdb.connect()
    connection.execute("CREATE TABLE alike (arrived_at TIMESTAMP)")
    if minutes:
        at = [(FIRST + timedelta(minutes=n, seconds=n % 60),) for n in minutes]
        connection.executemany("INSERT INTO alike VALUES (?)", at)
    return Known(shared_context().contract, connection)._ranges()


def test_files_wait_on_the_shelf_as_far_as_there_is_room(tmp_path: Path):
    fetched: list[str] = []

    class Store(Listed):
        def fetch(self, name: str, to: Path) -> None:
            fetched.append(name)
            to.write_bytes(b"x" * 10)

    items = [item(name, written) for written, name in enumerate("abc")]
    (chunk,) = chunks(Store(*items), [TODAY], lambda _: None)
    shelf = Shelf(Store(), tmp_path, 20)
    for expected in (3, 4):
        files = shelf.get(chunk)
        assert len(fetched) == expected
        assert [file.read_bytes() for file in files] == [b"x" * 10] * 3
        shelf.keep(files)
        assert [file.is_file() for file in files] == [True, True, False]
    shelf.drop(shelf.get(chunk))
    assert not list(tmp_path.rglob("?"))
    shelf.keep(shelf.get(chunk))  # there is room again
    assert len(list(tmp_path.rglob("?"))) == 2


def test_half_of_the_containers_memory_is_the_engines(tmp_path: Path):
    limit = tmp_path / "memory.max"
    assert memory_mib(limit) == 2048
    limit.write_text("max\n")
    assert memory_mib(limit) == 2048
    limit.write_text(f"{4 * 2**30}\n")
    assert memory_mib(limit) == 2048
    limit.write_text(f"{2**20}\n")
    assert memory_mib(limit) == 256


GOOD = {
    "HOMESHORE_ACCOUNT": "https://homeshoretest.blob.core.windows.net",
    "HOMESHORE_BUCKET": "lake",
    "HOMESHORE_IDENTITY": "11111111-2222-4333-8444-555555555555",
    "HOMESHORE_KEEP_DAYS": "730",
}


def test_the_settings_name_all_that_is_wrong():
    assert Settings.read(GOOD).keep_days == 730
    assert Settings.read({**GOOD, "HOMESHORE_DAYS": "5"}).days == 5
    assert Settings.read({**GOOD, "HOMESHORE_SECONDS": "3000"}).seconds == 3000
    assert Settings.read(GOOD).repeat_hours == 168
    assert Settings.read({**GOOD, "HOMESHORE_REPEAT_HOURS": "48"}).repeat_hours == 48
    with pytest.raises(RuntimeError, match="HOMESHORE_REPEAT_HOURS is below 24"):
        Settings.read({**GOOD, "HOMESHORE_REPEAT_HOURS": "23"})
    wrong = {"HOMESHORE_ACCOUNT": "http://x", "HOMESHORE_KEEP_DAYS": "0", "HOMESHORE_DAYS": "x", "HOMESHORE_SQL": "s"}
    with pytest.raises(RuntimeError) as told:
        Settings.read(wrong)
    for part in (
        "HOMESHORE_BUCKET is missing",
        "HOMESHORE_IDENTITY is missing",
        "HOMESHORE_DATABASE is missing",
        "HOMESHORE_KEEP_DAYS is no number",
        "HOMESHORE_DAYS is no number",
        "HOMESHORE_ACCOUNT is no https URL",
    ):
        assert part in str(told.value)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (Counts(), "lakehouse refreshed"),
        (Counts(stopped=True, behind=True), "lakehouse refreshed"),
        (Counts(behind=True), "lakehouse behind"),
    ],
)
def test_a_run_that_leaves_some_of_bronze_does_not_calm_the_alarm(counts: Counts, message: str):
    assert json.loads(refreshed_line(counts, 0, 0.0))["message"] == message


def test_the_tables_are_reached_as_the_one_identity():
    with_slash = {**GOOD, "HOMESHORE_ACCOUNT": GOOD["HOMESHORE_ACCOUNT"] + "/"}  # as Azure's own outputs have it
    found = place(Settings.read(with_slash), {"IDENTITY_ENDPOINT": "http://localhost:42356/msi/token"})
    assert found.root == "az://lake"
    assert found.options == {
        "azure_storage_account_name": "homeshoretest",
        "azure_endpoint": GOOD["HOMESHORE_ACCOUNT"],
        "azure_client_id": GOOD["HOMESHORE_IDENTITY"],
        "azure_msi_endpoint": "http://localhost:42356/msi/token",
    }


class Driver:
    """A TDS driver that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.open = 0

    def __call__(self, database: str) -> Driver:
        self.open += 1
        self._database = database
        return self

    def cursor(self) -> Driver:
        return self

    def execute(self, operation: str) -> object:
        self.told.append((self._database, operation))
        if operation == "fail":
            raise ValueError("refused")
        return None

    def close(self) -> None:
        self.open -= 1


def test_the_views_are_made_in_their_order_each_database_over_its_own_connection():
    driver = Driver()
    batches = [Batch("master", "create"), Batch("lake", "source"), Batch("lake", "view")]
    assert make_views(batches, driver) == 3
    assert driver.told == [tuple(batch) for batch in batches]
    assert driver.open == 0
    with pytest.raises(ValueError, match="refused"):
        make_views([Batch("lake", "fail")], driver)
    assert driver.open == 0


@pytest.mark.parametrize(
    ("world", "audience"),
    [
        ("azuresynapse.net", "database.windows.net"),
        ("azuresynapse.azure.cn", "database.chinacloudapi.cn"),
        ("azuresynapse.usgovcloudapi.net", "database.usgovcloudapi.net"),
    ],
)
def test_the_token_is_for_the_cloud_that_the_server_is_in(world: str, audience: str):
    assert scope(f"x-ondemand.sql.{world}") == f"https://{audience}/.default"


def test_no_token_is_asked_for_a_server_elsewhere():
    with pytest.raises(ValueError, match="ends with none of"):
        scope("sql.example.com")
