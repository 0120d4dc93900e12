"""Where good records are thrown away: finite retries, and nothing that keeps what failed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

from policies.facts import rows
from policies.gcp import where as gcp
from policies.model import Resource, Stack
from policies.paths.model import Edge, Hop, Spot, Verdict
from policies.values import Reading

MAPPING: Final = "aws:lambda/eventSourceMapping:EventSourceMapping"
PIPE: Final = "aws:pipes/pipe:Pipe"
QUEUE: Final = "aws:sqs/queue:Queue"
REDRIVE: Final = "aws:sqs/redrivePolicy:RedrivePolicy"
SUBSCRIPTION: Final = "gcp:pubsub/subscription:Subscription"
DROPPED: Final = Spot("nowhere: they are dropped", Verdict.VANISHES)
FUNCTION_2: Final = "gcp:cloudfunctionsv2/function:Function"


def vanishing(stack: Stack) -> Iterator[Edge]:
    """Every edge by which good records are lost. What is unknown counts as there: it is a reference to something."""
    for resource in stack.resources:
        for row in _rows().get(resource.type, ()):
            if not _takes_what_failed(stack, resource):
                yield from _by_table(resource, row)
        if resource.type == MAPPING:
            yield from _mapping(stack, resource)
        elif resource.type == PIPE:
            yield from _pipe(resource)


@cache
def _rows() -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for row in rows("path_vanish.csv"):
        found.setdefault(row["type"], []).append(row)
    return found


def _by_table(resource: Resource, row: dict[str, str]) -> Iterator[Edge]:
    if any(_kept(at) for path in row["unless"].split() for at in resource.read_all(path)):
        return
    if resource.type == FUNCTION_2 and resource.read("eventTrigger").missing:
        return
    for at in resource.read_all(row["when"]):
        wanted = row["is"].split()
        if ("present" in wanted and at.present) or ("missing" in wanted and at.missing) or at.among(*wanted):
            yield Edge(resource, DROPPED, Hop(resource.urn, at.path, "vanish", row["what"]))
            return


def _takes_what_failed(stack: Stack, resource: Resource) -> bool:
    """Whether it is a subscription to a topic of dead letters: what comes there has failed, and chains have an end."""
    if resource.type != SUBSCRIPTION:
        return False
    topics = gcp.named(stack, resource, resource.read("topic"), gcp.TOPIC)
    dead = (
        topic
        for other in stack.of(SUBSCRIPTION)
        for topic in gcp.named(stack, other, other.read("deadLetterPolicy.deadLetterTopic"), gcp.TOPIC)
    )
    return any(one in topics for one in dead)


def _kept(at: Reading) -> bool:
    """Whether something stands there that keeps what failed; a switch that is off keeps nothing."""
    return at.present and at.flag is not False


def _mapping(stack: Stack, resource: Resource) -> Iterator[Edge]:
    """A function that reads a stream or a queue."""
    source = resource.read("eventSourceArn")
    queues = stack.target(resource, source, QUEUE).inside
    if queues or ":sqs:" in source.text:
        yield from _queue(stack, resource, queues)
        return
    partial = _partial(resource)
    split = partial or _kept(resource.read("bisectBatchOnFunctionError"))
    destination = resource.read("destinationConfig.onFailure.destinationArn")
    retries, age = resource.read("maximumRetryAttempts"), resource.read("maximumRecordAgeInSeconds")
    finite = next((one for one in (retries, age) if one.present and one.number != -1), None)
    if finite is None:
        what = "one bad record is retried until its shard's records expire, and all behind it with them"
        yield _lost(resource, "maximumRetryAttempts", what)
    elif not destination.present:
        yield _lost(resource, finite.path, "retries end, and no destination keeps the batch: its good records are lost")
    elif not split:
        yield _lost(
            resource,
            finite.path,
            "retries end and the batch is neither split nor answered record by record: "
            "its good records go with the bad one",
        )


def _queue(stack: Stack, resource: Resource, queues: tuple[Resource, ...]) -> Iterator[Edge]:
    for one in queues:
        redriven = any(stack.referring(one, REDRIVE, "queueUrl"))
        if not (one.read("redrivePolicy").present or redriven):
            what = "a message that fails is retried until its retention ends, and then dropped"
            yield _lost(one, "redrivePolicy", what)
        elif not _partial(resource):
            what = "one bad message takes its whole batch along, into the dead letters after the last try"
            yield _lost(resource, "functionResponseTypes", what)


def _partial(resource: Resource) -> bool:
    return any(at.unknown or at.among("ReportBatchItemFailures") for at in resource.read_all("functionResponseTypes[]"))


def _pipe(resource: Resource) -> Iterator[Edge]:
    for source in ("kinesisStreamParameters", "dynamodbStreamParameters"):
        block = f"sourceParameters.{source}"
        if resource.read(block).missing or resource.read(block).unknown:
            continue
        if not resource.read(f"{block}.deadLetterConfig.arn").present:
            yield _lost(resource, f"{block}.deadLetterConfig", "retries end, and nothing keeps the batch")
        elif not resource.read(f"{block}.onPartialBatchItemFailure").present:
            yield _lost(
                resource,
                f"{block}.onPartialBatchItemFailure",
                "retries end and the batch is not split: its good records go with the bad one",
            )


def _lost(resource: Resource, path: str, what: str) -> Edge:
    return Edge(resource, DROPPED, Hop(resource.urn, path, "vanish", what))
