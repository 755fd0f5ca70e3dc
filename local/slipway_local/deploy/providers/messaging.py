"""SQS, SNS and EventBridge."""

from typing import Any

from slipway_local.deploy.providers.base import Context, Created, Properties, Provider, api, call, text


def _queue(context: Context, properties: Properties) -> Properties:
    own = {key: text(value) for key, value in properties.items() if key not in ("QueueName", "Tags")}
    if properties.get("FifoQueue") and not properties["QueueName"].endswith(".fifo"):
        properties["QueueName"] = context.name(75) + ".fifo"
    return {"QueueName": properties["QueueName"], "tags": properties.get("Tags"), "Attributes": own}


def _queue_policy(context: Context, physical_id: str, new: Properties, old: Properties) -> None:
    for url in new["Queues"]:
        attributes = {"Policy": text(new["PolicyDocument"])}
        context.place.client("sqs").set_queue_attributes(QueueUrl=url, Attributes=attributes)


def _topic(context: Context, properties: Properties) -> Properties:
    special = ("TopicName", "Tags", "Subscription")
    own = {key: text(value) for key, value in properties.items() if key not in special}
    return {"Name": properties["TopicName"], "Attributes": own, "Tags": properties.get("Tags")}


def _topic_subscriptions(context: Context, physical_id: str, new: Properties, old: Properties) -> None:
    sns = context.place.client("sns")
    for entry in new.get("Subscription", []):
        sns.subscribe(TopicArn=physical_id, Protocol=entry["Protocol"], Endpoint=entry["Endpoint"])
    for name in ("DisplayName", "KmsMasterKeyId") if old else ():
        if name in new:
            sns.set_topic_attributes(TopicArn=physical_id, AttributeName=name, AttributeValue=text(new[name]))


def _subscription(context: Context, properties: Properties) -> Properties:
    special = ("TopicArn", "Protocol", "Endpoint", "Region", "ReturnSubscriptionArn")
    own = {key: text(value) for key, value in properties.items() if key not in special}
    return {**properties, "Attributes": own}


def _topic_policy(context: Context, physical_id: str, new: Properties, old: Properties) -> None:
    for arn in new["Topics"]:
        context.place.client("sns").set_topic_attributes(
            TopicArn=arn, AttributeName="Policy", AttributeValue=text(new["PolicyDocument"])
        )


def _targets(context: Context, physical_id: str, new: Properties, old: Properties) -> None:
    bus = {"EventBusName": new.get("EventBusName", "default")}
    gone = {target["Id"] for target in old.get("Targets", [])} - {target["Id"] for target in new.get("Targets", [])}
    name = physical_id.rsplit("|", 1)[-1]
    if gone:
        call(context.place, "events", "remove_targets", {"Rule": name, "Ids": sorted(gone), **bus})
    if new.get("Targets"):
        call(context.place, "events", "put_targets", {"Rule": name, "Targets": new["Targets"], **bus})


def _remove_targets(context: Context, physical_id: str, new: Properties, old: Properties) -> None:
    _targets(context, physical_id, {key: value for key, value in new.items() if key != "Targets"}, old)


class Policy:
    """A policy document attached to several queues or topics; it has no identity of its own."""

    mode = "live"
    updatable = True

    def __init__(self, apply: Any) -> None:
        self._apply = apply

    def create(self, context: Context, properties: Properties) -> Created:
        """Attach the policy."""
        self._apply(context, "", properties, {})
        return Created(physical_id=context.name())

    def update(self, context: Context, existing: Created, old: Properties, new: Properties) -> Created:
        """Attach the new policy."""
        self._apply(context, existing.physical_id, new, old)
        return existing

    def delete(self, context: Context, existing: Created, properties: Properties) -> None:
        """Leave the policy: it goes with its queue or topic."""


_RULE_ARN = "arn:{partition}:events:{region}:{account}:rule/{Name}"
_QUEUE_ARN = "arn:{partition}:sqs:{region}:{account}:{QueueName}"
PROVIDERS: dict[str, Provider] = {
    "AWS::SQS::Queue": api(
        "sqs", "create_queue", "@QueueUrl", name="QueueName", name_limit=80, prepare=_queue,
        attributes={"Arn": _QUEUE_ARN, "QueueName": "{QueueName}", "QueueUrl": "{id}"},
        update_call="set_queue_attributes", update_with={"QueueUrl": "{id}"},
        delete_call="delete_queue", delete_with={"QueueUrl": "{id}"},
    ),
    "AWS::SQS::QueuePolicy": Policy(_queue_policy),
    "AWS::SNS::Topic": api(
        "sns", "create_topic", "@TopicArn", name="TopicName", name_limit=256, prepare=_topic,
        after=_topic_subscriptions, attributes={"TopicArn": "{id}", "TopicName": "{Name}"},
        delete_call="delete_topic", delete_with={"TopicArn": "{id}"},
    ),
    "AWS::SNS::Subscription": api(
        "sns", "subscribe", "@SubscriptionArn", prepare=_subscription, attributes={"Arn": "{id}"},
        delete_call="unsubscribe", delete_with={"SubscriptionArn": "{id}"},
    ),
    "AWS::SNS::TopicPolicy": Policy(_topic_policy),
    "AWS::Events::Rule": api(
        "events", "put_rule", "{Name}", name="Name", after=_targets, attributes={"Arn": _RULE_ARN},
        update_call="put_rule", before_delete=_remove_targets,
        delete_call="delete_rule", delete_with={"Name": "{id}"},
    ),
    "AWS::Events::EventBus": api(
        "events", "create_event_bus", "{Name}", attributes={"Arn": "@EventBusArn", "Name": "{Name}"},
        delete_call="delete_event_bus", delete_with={"Name": "{id}"},
    ),
}  # fmt: skip
