"""The report for people."""

from __future__ import annotations

from homeshore.base.diff import compare, compare_all
from homeshore.base.model import StackDiff
from homeshore.base.text import render
from homeshore.engine.model import Resource
from homeshore.engine.values import UNKNOWN, secret
from tests.base.snapshots import BUCKET, FUNCTION, PROVIDER, resource, stack, urn


def shown(*diffs: StackDiff) -> list[str]:
    return render(diffs, "main (0123456789)").split("\n")


def test_what_is_lost_comes_first() -> None:
    old = [
        resource("gone"),
        resource("kept", protect=True, retain_on_delete=True),
        resource("anew", BUCKET, inputs={"bucket": "a"}),
        resource("f", FUNCTION, memorySize=128, shiny=1, environment={"variables": {"a": UNKNOWN, "b": "x"}}),
        resource("same", inputs={"tags": {"a": secret("x"), "b": UNKNOWN}}),
    ]
    new = [
        resource("anew", BUCKET, inputs={"bucket": "b"}, delete_before_replace=True),
        resource("f", FUNCTION, memorySize=256, shiny=2, environment={"variables": {"a": "known", "b": secret("x")}}),
        old[-1],
        resource("fresh", FUNCTION, memorySize=1),
    ]
    counts = "1 replaced, 2 deleted, 1 changed (1 of them may be replaced), 1 added, 1 unchanged"
    assert shown(compare("dev", stack(*old), stack(*new))) == [
        "Stack dev",
        "  PROTECTED: Pulumi refuses this update, which would delete kept.",
        "  Release them first, in an update of their own: `homeshore:protect: false`.",
        "  - kept  aws:kinesis:Stream  protected: Pulumi refuses, stays in the cloud",
        "  - gone  aws:kinesis:Stream",
        "  ± anew  aws:s3:Bucket  deleted first",
        '      bucket: "a" → "b"  replaces (CloudFormation\'s createOnlyProperties)',
        "  ~ f  aws:lambda:Function  may be replaced",
        '      environment.variables.a: (known after up) → "known"',
        "      environment.variables.b: [secret], on one side only: as a value it is not told either",
        "      memorySize: 128 → 256",
        "      shiny: 1 → 2  may replace",
        "  + fresh  aws:lambda:Function",
        f"  {counts}.",
        "",
        f"Against main (0123456789), 1 stack: {counts}.",
        "",
        "Not compared: 1 that only `pulumi up` computes and 1 secret ones.",
    ]


def test_what_follows_is_told_from_what() -> None:
    def side(region: str, name: str) -> list[Resource]:
        provider = resource("primary", PROVIDER, inputs={"region": region})
        links = {"role": (urn("s"),)}
        return [
            provider,
            resource("p", provider=f"{provider.urn}::{UNKNOWN}", inputs={"name": region}),
            resource("s", inputs={"name": name}),
            resource("f", FUNCTION, inputs={"role": UNKNOWN}, property_dependencies=links),
        ]

    said = shown(compare("dev", stack(*side("a", "x")), stack(*side("b", "y"))))
    assert "  ± p  aws:kinesis:Stream  made anew with primary" in said
    assert said[said.index("  ~ f  aws:lambda:Function") + 1] == "      role: another value: s is made anew"


def test_stacks_without_a_file_on_one_side() -> None:
    before = {"dev": stack(resource("a", protect=True)), "kept": stack(resource("a", stack="kept"), name="kept")}
    after = {"dev2": stack(resource("a", stack="dev2"), name="dev2"), "kept": before["kept"]}
    assert shown(*compare_all(before, after)) == [
        "Stack dev has no file any more: that deletes nothing, `pulumi destroy --stack dev` would",
        "  - a  aws:kinesis:Stream  protected",
        "  0 replaced, 1 deleted, 0 changed, 0 added, 0 unchanged.",
        "",
        "Stack dev2 is new: all of it is added",
        "  It has all that dev had. Pulumi renames a stack without making it twice:",
        "  `pulumi stack rename dev2 --stack dev`",
        "  + a  aws:kinesis:Stream",
        "  0 replaced, 0 deleted, 0 changed, 1 added, 0 unchanged.",
        "",
        "Unchanged: kept.",
        "",
        "Against main (0123456789), 3 stacks: 0 replaced, 1 deleted, 0 changed, 1 added, 1 unchanged.",
    ]


def test_a_rename_without_an_alias_and_one_with() -> None:
    old = [resource("a-stream", shardCount=1), resource("c-stream")]
    new = [resource("b-stream", shardCount=1), resource("d-stream", aliases=(urn("c-stream"),))]
    said = shown(compare("dev", stack(*old), stack(*new)))
    assert "  + b-stream  aws:kinesis:Stream  as a-stream, which is deleted: a rename keeps it with `aliases`" in said
    assert said[said.index("  ~ d-stream  aws:kinesis:Stream") + 1] == "      urn: c-stream → d-stream"


def test_of_long_values_the_part_that_differs() -> None:
    old, new = (
        resource("s", inputs={"tags": "x" * 200 + "old" + "y" * 99}),
        resource("s", inputs={"tags": "x" * 200 + "new"}),
    )
    (row,) = [line for line in shown(compare("dev", stack(old), stack(new))) if "tags" in line]
    assert "xold" in row
    assert 'xnew"' in row
    assert len(row) < 140
