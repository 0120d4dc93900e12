"""The small parts: URNs, property values, and that importing the engine costs nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homeshore.engine import values
from homeshore.engine.model import Resource
from homeshore.engine.order import in_order
from homeshore.engine.urns import Urn, make_urn
from homeshore.signals import held

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(TEXT, PLAIN, max_size=4))
def test_values_survive_the_wire(mapping):
    assert values.from_struct(values.to_struct(mapping)) == mapping


@given(PLAIN)
def test_a_masked_value_holds_no_secret(value):
    wrapped = {"a": [values.secret(value)], "b": "seen"}
    assert values.masked(wrapped) == {"a": [{values.SIGNATURE: values.SECRET, "value": "[secret]"}], "b": "seen"}
    assert values.contains_secret(wrapped)


@pytest.mark.parametrize("text", ["", "urn:pulumi:a::b::c", "x urn:pulumi:a::b::c::d", "arn:aws:s3:::bucket"])
def test_what_is_not_a_urn(text):
    with pytest.raises(ValueError, match="is not a URN"):
        Urn.parse(text)


def test_a_name_may_hold_colons():
    urn = make_urn("dev", "proj", "", "a:b:C", "x::y")
    assert Urn.parse(urn).name == "x::y"


def test_importing_the_engine_is_cheap():
    code = "import sys, homeshore.engine; print('pulumi' in sys.modules, 'google.protobuf' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.split() == ["False", "False"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_waits_until_the_event_loop_is_made(number):
    reached = []

    def interrupt(_number, _frame):
        raise KeyboardInterrupt

    def make():
        with held():
            os.kill(os.getpid(), number)
            reached.append("the end of the block")

    before = signal.signal(number, interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            make()
    finally:
        signal.signal(number, before)
    assert reached == ["the end of the block"]
    assert signal.getsignal(number) is before


def resource(name, parent=None, *dependencies):
    return Resource(
        f"urn:pulumi:s::p::t::{name}",
        "t",
        name,
        True,
        parent and f"urn:pulumi:s::p::t::{parent}",
        dependencies=dependencies,
    )


@given(st.randoms())
def test_one_order_whatever_came_first(dice):
    root, last = resource("z-root"), "urn:pulumi:s::p::t::y"
    registered = [
        root,
        resource("b", "z-root"),
        resource("y", "z-root"),
        resource("a", "z-root", last),
        resource("c", "b"),
    ]
    dice.shuffle(registered)
    assert [one.name for one in in_order(registered)] == ["z-root", "b", "c", "y", "a"]


def test_a_circle_loses_nothing():
    one, other = "urn:pulumi:s::p::t::one", "urn:pulumi:s::p::t::other"
    assert len(in_order([resource("one", None, other), resource("other", None, one)])) == 2
