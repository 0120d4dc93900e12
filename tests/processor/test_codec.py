"""The codecs: each reads back what it wrote, the same bytes each time, and the readers' own libraries agree."""

from __future__ import annotations

import gzip
from pathlib import Path

import duckdb
import pytest
import zstandard

from processor import codec
from processor.codec import SUFFIXES, Codec, compressor, content, stem_and_suffix
from processor.core import Context, process
from processor.schema import Contract
from processor.sql import bronze_ddl
from processor.store import store_one
from tests.processor.batches import VALID, lines, make_batch, numbered, shared_context
from tests.processor.test_crashes import Bucket


def with_codec(name: Codec) -> Context:
    shared = shared_context()
    return Context(shared.contract, shared.ring, shared.countries, shared.stream, name)


@pytest.mark.parametrize("name", list(SUFFIXES))
@pytest.mark.parametrize("body", [b"", b"{}\n", bytes(range(256)) * 999])
def test_what_is_compressed_comes_back_and_is_the_same_each_time(name: Codec, body: bytes):
    packed = compressor(name)(body)
    assert content(packed) == body
    assert compressor(name)(body) == packed


def test_gzip_is_what_any_reader_takes():
    packed = compressor("gzip")(VALID)
    assert gzip.decompress(packed) == VALID
    assert packed[4:8] == bytes(4)  # no time of the clock


@pytest.mark.parametrize("broken", [b"", b"\x1f\x8b", b"neither", compressor("gzip")(VALID)[:-4]])
def test_a_body_that_cannot_be_read_is_a_value_error(broken: bytes):
    if broken:
        with pytest.raises(ValueError, match="cannot be decompressed"):
            content(broken)
    else:
        assert content(broken) == b""


def test_the_codec_changes_the_ending_and_nothing_else():
    batches = {name: process(make_batch([VALID, numbered(1)]), with_codec(name)) for name in SUFFIXES}
    keys = {name: stem_and_suffix(result.objects[-1].key) for name, result in batches.items()}
    assert keys["zstd"][0] == keys["gzip"][0]
    assert {name: suffix for name, (_, suffix) in keys.items()} == SUFFIXES
    assert lines(batches["zstd"], "bronze") == lines(batches["gzip"], "bronze")
    assert batches["zstd"].objects[-1].metadata == batches["gzip"].objects[-1].metadata


def test_an_unknown_ending_is_refused():
    with pytest.raises(ValueError, match=r"does not end with \.jsonl\.zst or \.jsonl\.gz"):
        stem_and_suffix("bronze/x.jsonl")


def test_what_is_stored_beside_keeps_the_ending():
    bucket, context = Bucket(), with_codec("gzip")
    long = process(make_batch([numbered(n) for n in range(3)]), context).objects[-1]
    other = process(make_batch([numbered(n) for n in (0, 7)]), context).objects[-1]
    ours = process(make_batch([numbered(9)], first=0), context).objects[-1]
    assert store_one(bucket, long) == "created"
    assert store_one(bucket, other) == "kept"  # positions decide, and it holds no more of them
    renamed = process(make_batch([numbered(9)], first=5), context).objects[-1]
    moved = type(ours)(ours.kind, long.key, renamed.body, renamed.metadata)
    assert store_one(bucket, moved) == "aside"
    assert all(key.endswith(".jsonl.gz") for key in bucket.objects)


def test_duckdb_reads_both_codecs_through_one_view(tmp_path: Path, contract: Contract):
    for number, name in enumerate(SUFFIXES):
        stored = process(make_batch([numbered(number)], first=number), with_codec(name)).objects[-1]
        path = tmp_path / stored.key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(stored.body)
    connection = duckdb.connect()
    connection.execute("CREATE SCHEMA lake")
    connection.execute(bronze_ddl(contract, "duckdb", "lake", str(tmp_path / "bronze")))
    assert connection.execute("SELECT count(DISTINCT event_id), count(*) FROM lake.bronze").fetchone() == (2, 2)


def test_the_core_needs_no_gzip_library_where_it_writes_zstd(monkeypatch: pytest.MonkeyPatch):
    """Lambda's package holds none."""
    monkeypatch.setitem(__import__("sys").modules, "isal", None)
    assert zstandard.decompress(compressor("zstd")(VALID)) == VALID
    with pytest.raises(ImportError):
        codec.compressor("gzip")
