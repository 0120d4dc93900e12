"""Topics and budgets: who is told what."""

from __future__ import annotations

from collections.abc import Mapping

from homeshore.local.aws import Aws
from homeshore.local.fields import Fields, capitalised, renamed, uncapitalised
from homeshore.local.kind import Found, Kind, Wanted, declared, listed_tags, read_tags, written

# ---- topics

_TOPIC_ATTRIBUTES = {"kmsMasterKeyId": "KmsMasterKeyId", "displayName": "DisplayName"}


def _read_topic(aws: Aws, wanted: Wanted) -> Found | None:
    name = wanted.inputs.text("name")
    arn = aws.arn("sns", name)
    answer = aws.find("sns", "get_topic_attributes", "NotFound", "NotFoundException", TopicArn=arn)
    if answer is None:
        return None
    attributes = answer.block("Attributes")
    tags = read_tags(aws.call("sns", "list_tags_for_resource", ResourceArn=arn).blocks("Tags"))
    state: dict[str, object] = {wire: attributes.get(api) for wire, api in _TOPIC_ATTRIBUTES.items()}
    return Found(arn, state | {"name": name, "tags": declared(tags)}, {"arn": arn, "owner": aws.account_id})


def _create_topic(aws: Aws, wanted: Wanted) -> None:
    attributes = renamed(wanted.inputs, _TOPIC_ATTRIBUTES)
    aws.call(
        "sns",
        "create_topic",
        Name=wanted.inputs.text("name"),
        Attributes=attributes,
        Tags=listed_tags(wanted.tags),
    )


def _update_topic(aws: Aws, wanted: Wanted, found: Found, drift: frozenset[str]) -> None:
    for wire, api in _TOPIC_ATTRIBUTES.items():
        if wire in drift:
            value = wanted.inputs.text_or(wire)
            aws.call("sns", "set_topic_attributes", TopicArn=found.id, AttributeName=api, AttributeValue=value)
    if "tags" in drift:
        surplus = sorted(set(Fields(found.state).table("tags")) - set(wanted.tags))
        if surplus:
            aws.call("sns", "untag_resource", ResourceArn=found.id, TagKeys=surplus)
        aws.call("sns", "tag_resource", ResourceArn=found.id, Tags=listed_tags(wanted.tags))


def _delete_topic(aws: Aws, wanted: Wanted, found: Found) -> None:
    del wanted
    aws.call("sns", "delete_topic", TopicArn=found.id)


def _read_topic_policy(aws: Aws, wanted: Wanted) -> Found | None:
    arn = wanted.inputs.text("arn")
    answer = aws.find("sns", "get_topic_attributes", "NotFound", "NotFoundException", TopicArn=arn)
    policy = answer.block("Attributes").text_or("Policy") if answer else ""
    return Found(arn, {"arn": arn, "policy": policy}) if policy else None


def _write_topic_policy(aws: Aws, wanted: Wanted) -> None:
    arn, policy = wanted.inputs.text("arn"), wanted.inputs.text("policy")
    aws.call("sns", "set_topic_attributes", TopicArn=arn, AttributeName="Policy", AttributeValue=policy)


def _with_its_topic(aws: Aws, wanted: Wanted, found: Found) -> None:
    """A topic always has a policy; it goes with its topic."""
    del aws, wanted, found


def _read_subscription(aws: Aws, wanted: Wanted) -> Found | None:
    inputs = wanted.inputs
    topic, ends = inputs.text("topic"), (inputs.text("protocol"), inputs.text("endpoint"))
    for item in aws.each("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=topic):
        if (item.get("Protocol"), item.get("Endpoint")) == ends:
            arn = item.text("SubscriptionArn")
            return Found(arn, {"topic": topic, "protocol": ends[0], "endpoint": ends[1]}, {"arn": arn})
    return None


def _create_subscription(aws: Aws, wanted: Wanted) -> None:
    names = {"topic": "TopicArn", "protocol": "Protocol", "endpoint": "Endpoint"}
    aws.call("sns", "subscribe", ReturnSubscriptionArn=True, **renamed(wanted.inputs, names))


def _nothing_to_change(aws: Aws, wanted: Wanted, found: Found, drift: frozenset[str]) -> None:
    """A subscription has nothing but the two ends by which it is found."""
    del aws, wanted, found, drift


def _delete_subscription(aws: Aws, wanted: Wanted, found: Found) -> None:
    """Unsubscribe; one that nobody confirmed has no ARN yet and goes with its topic."""
    del wanted
    if found.id.startswith("arn:"):
        aws.call("sns", "unsubscribe", SubscriptionArn=found.id)


# ---- budgets


def _read_budget(aws: Aws, wanted: Wanted) -> Found | None:
    name = wanted.inputs.text("name")
    where = {"AccountId": aws.account_id, "BudgetName": name}
    answer = aws.find("budgets", "describe_budget", "NotFoundException", **where)
    if answer is None:
        return None
    budget = answer.block("Budget")
    limit = budget.block("BudgetLimit")
    filters = budget.block("CostFilters")
    state = {
        "name": name,
        "budgetType": budget.get("BudgetType"),
        "timeUnit": budget.get("TimeUnit"),
        "limitAmount": limit.get("Amount"),
        "limitUnit": limit.get("Unit"),
        "accountId": aws.account_id,
        "costFilters": [{"name": key, "values": list(filters.texts(key))} for key in filters],
        "notifications": [_notification_state(aws, where, item) for item in _notifications(aws, where)],
    }
    return Found(f"{aws.account_id}:{name}", state, {"arn": f"arn:aws:budgets::{aws.account_id}:budget/{name}"})


def _notifications(aws: Aws, where: Mapping[str, str]) -> tuple[Fields, ...]:
    answer = aws.find("budgets", "describe_notifications_for_budget", "NotFoundException", **where)
    return answer.blocks("Notifications") if answer else ()


def _notification_state(aws: Aws, where: Mapping[str, str], notification: Fields) -> dict[str, object]:
    answer = aws.call("budgets", "describe_subscribers_for_notification", Notification=dict(notification), **where)
    subscribers = answer.blocks("Subscribers")

    def addresses(kind: str) -> list[str]:
        return [each.text("Address") for each in subscribers if each.text("SubscriptionType") == kind]

    return {
        **uncapitalised(notification),
        "subscriberSnsTopicArns": addresses("SNS"),
        "subscriberEmailAddresses": addresses("EMAIL"),
    }


def _budget(wanted: Wanted) -> dict[str, object]:
    inputs = wanted.inputs
    names = {"name": "BudgetName", "budgetType": "BudgetType", "timeUnit": "TimeUnit"}
    limit = {"Amount": str(inputs["limitAmount"]), "Unit": inputs.text("limitUnit")}
    filters = {item.text("name"): list(item.texts("values")) for item in inputs.blocks("costFilters")}
    return {**renamed(inputs, names), "BudgetLimit": limit, "CostFilters": filters}


def _create_budget(aws: Aws, wanted: Wanted) -> None:
    notices: list[dict[str, object]] = []
    for item in wanted.inputs.blocks("notifications"):
        kinds = ("subscriberSnsTopicArns", "SNS"), ("subscriberEmailAddresses", "EMAIL")
        subscribers = [
            {"SubscriptionType": kind, "Address": address} for key, kind in kinds for address in item.texts(key)
        ]
        body = {key: value for key, value in item.items() if not key.startswith("subscriber")}
        notices.append({"Notification": capitalised(body), "Subscribers": subscribers})
    aws.call(
        "budgets",
        "create_budget",
        AccountId=aws.account_id,
        Budget=_budget(wanted),
        NotificationsWithSubscribers=notices,
    )


def _update_budget(aws: Aws, wanted: Wanted, found: Found, drift: frozenset[str]) -> None:
    if "notifications" in drift:
        _delete_budget(aws, wanted, found)
        _create_budget(aws, wanted)
    else:
        aws.call("budgets", "update_budget", AccountId=aws.account_id, NewBudget=_budget(wanted))


def _delete_budget(aws: Aws, wanted: Wanted, found: Found) -> None:
    del found
    aws.call("budgets", "delete_budget", AccountId=aws.account_id, BudgetName=wanted.inputs.text("name"))


KINDS = {
    "aws:sns/topic:Topic": Kind(_read_topic, _create_topic, _update_topic, _delete_topic),
    "aws:sns/topicPolicy:TopicPolicy": written(_read_topic_policy, _write_topic_policy, _with_its_topic),
    "aws:sns/topicSubscription:TopicSubscription": Kind(
        _read_subscription, _create_subscription, _nothing_to_change, _delete_subscription
    ),
    "aws:budgets/budget:Budget": Kind(_read_budget, _create_budget, _update_budget, _delete_budget),
}
