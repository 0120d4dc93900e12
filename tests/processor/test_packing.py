"""Packed records: what is packed is what is unpacked, and the caps hold before anything is inflated."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from processor import packing
from processor.packing import PackFault, content_size, pack, unpack
from tests.processor.batches import VALID


@given(st.lists(st.binary().map(lambda data: data.replace(b"\n", b"")), min_size=1, max_size=20))
def test_what_is_packed_is_what_is_unpacked(events: list[bytes]):
    assert unpack(pack(events)) == events


def test_no_json_text_begins_like_a_packed_record():
    assert pack([VALID]).startswith(packing.MAGIC)
    with pytest.raises(UnicodeDecodeError):
        packing.MAGIC.decode()


@pytest.mark.parametrize("events", [[], [b"a\nb"], [b"{}"] * (packing.MAX_EVENTS + 1)])
def test_what_no_reader_would_take_is_not_packed(events: list[bytes]):
    with pytest.raises(ValueError, match="packed record"):
        pack(events)


def test_a_pack_that_is_too_large_is_not_made(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(packing, "MAX_CONTENT_BYTES", 10)
    with pytest.raises(ValueError, match="at most 10 bytes"):
        pack([VALID])


def test_the_size_is_judged_before_anything_is_inflated(monkeypatch: pytest.MonkeyPatch):
    class Untouched:
        def decompress(self, *_: object, **__: object) -> bytes:
            pytest.fail("it was inflated")

    bomb = packing.MAGIC + zstandard.compress(bytes(packing.MAX_CONTENT_BYTES + 1))
    monkeypatch.setattr(packing, "_own", SimpleNamespace(decompressor=Untouched()))
    for read in (unpack, content_size):
        with pytest.raises(PackFault) as refused:
            read(bomb)
        assert refused.value.reason == "pack-too-large"


def test_the_largest_pack_that_is_allowed_is_taken():
    events = [b"x" * 800] * packing.MAX_EVENTS
    assert len(unpack(pack(events))) == packing.MAX_EVENTS
