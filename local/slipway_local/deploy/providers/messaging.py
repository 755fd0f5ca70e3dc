"""SQS, SNS and EventBridge."""

from slipway_local.deploy.providers.api import Api, Lookup, Setting, api, tags
from slipway_local.deploy.providers.base import Context, Created, Properties, Provider, changed
from slipway_local.deploy.providers.calls import call, text
from slipway_local.deploy.providers.messaging_policies import QUEUE_POLICY, TOPIC_POLICY


def _queue(context: Context, properties: Properties) -> Properties:
    own = {key: text(value) for key, value in properties.items() if key not in ("QueueName", "Tags")}
    if properties.get("FifoQueue") and not properties["QueueName"].endswith(".fifo"):
        properties["QueueName"] = context.name(75) + ".fifo"
    return {"QueueName": properties["QueueName"], "tags": properties.get("Tags"), "Attributes": own}


def _topic(context: Context, properties: Properties) -> Properties:
    special = ("TopicName", "Tags", "Subscription")
    own = {key: text(value) for key, value in properties.items() if key not in special}
    return {"Name": properties["TopicName"], "Attributes": own, "Tags": properties.get("Tags")}


def _topic_attribute(name: str, default: str) -> Setting:
    def apply(context: Context, arn: str, new: Properties, old: Properties) -> None:
        value = text(new.get(name, default))
        context.place.client("sns").set_topic_attributes(TopicArn=arn, AttributeName=name, AttributeValue=value)

    return Setting(apply, name, created=False)


def _topic_subscriptions(context: Context, arn: str, new: Properties, old: Properties) -> None:
    sns = context.place.client("sns")
    wanted, before = ([(e["Protocol"], e["Endpoint"]) for e in p.get("Subscription", [])] for p in (new, old))
    for page in sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn):
        for one in page["Subscriptions"]:
            pair = (one["Protocol"], one["Endpoint"])
            if pair in before and pair not in wanted:
                sns.unsubscribe(SubscriptionArn=one["SubscriptionArn"])
    for protocol, endpoint in wanted:
        sns.subscribe(TopicArn=arn, Protocol=protocol, Endpoint=endpoint)


# What a subscription goes back to when its property leaves the template; the scope first, which rules the policy.
_SUBSCRIPTION = {
    "FilterPolicyScope": "MessageAttributes",
    "FilterPolicy": "",
    "RawMessageDelivery": "false",
    "RedrivePolicy": "",
    "DeliveryPolicy": "",
    "SubscriptionRoleArn": "",
}


def _subscription(context: Context, properties: Properties) -> Properties:
    own = {name: text(properties[name]) for name in _SUBSCRIPTION if name in properties}
    return {**properties, "Attributes": own}


def _subscription_settings(context: Context, arn: str, new: Properties, old: Properties) -> None:
    """Set what differs; where the scope differs, the policy again, for a policy of one scope may not suit the other."""
    names = changed(old, new)
    if "FilterPolicyScope" in names:
        _subscription_attribute(context, arn, "FilterPolicy", "")
        names |= {"FilterPolicy"} & new.keys()
    for name, default in _SUBSCRIPTION.items():
        if name in names:
            _subscription_attribute(context, arn, name, text(new.get(name, default)))


def _subscription_attribute(context: Context, arn: str, name: str, value: str) -> None:
    sns = context.place.client("sns")
    sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName=name, AttributeValue=value)


def _bus(properties: Properties) -> str:
    return str(properties.get("EventBusName", "default")).rsplit("/", 1)[-1]


def _rule(context: Context, properties: Properties) -> Properties:
    """Return the arguments; `Id` is what Ref gives and `Path` what ends the ARN: both name a bus of one's own."""
    name, bus = str(properties["Name"]).rsplit("|", 1)[-1], _bus(properties)
    own = bus != "default"
    return {
        **properties,
        "Name": name,
        "Bus": bus,
        "Id": f"{bus}|{name}" if own else name,
        "Path": f"{bus}/{name}" if own else name,
    }


def _targets(context: Context, physical_id: str, new: Properties, old: Properties) -> None:
    rule = {"Rule": physical_id.rsplit("|", 1)[-1], "EventBusName": _bus(new)}
    gone = {target["Id"] for target in old.get("Targets", [])} - {target["Id"] for target in new.get("Targets", [])}
    if gone:
        call(context.place, "events", "remove_targets", {**rule, "Ids": sorted(gone)})
    if new.get("Targets"):
        call(context.place, "events", "put_targets", {**rule, "Targets": new["Targets"]})


def _remove_targets(context: Context, physical_id: str, new: Properties, old: Properties) -> None:
    _targets(context, physical_id, {key: value for key, value in new.items() if key != "Targets"}, old)


class Rule(Api):
    """AWS::Events::Rule, which is found in its bus alone."""

    def delete(self, context: Context, existing: Created, properties: Properties) -> None:
        """Delete the rule with its targets."""
        _remove_targets(context, existing.physical_id, properties, properties)
        name = existing.physical_id.rsplit("|", 1)[-1]
        call(context.place, "events", "delete_rule", {"Name": name, "EventBusName": _bus(properties)})


class Subscription(Api):
    """AWS::SNS::Subscription; Subscribe answers with the subscription that an endpoint has already."""

    def taken(self, context: Context, properties: Properties) -> str:
        """Return the ARN of the endpoint's subscription."""
        sns = context.place.client("sns")
        wanted = (properties["Protocol"], properties.get("Endpoint"))
        pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=properties["TopicArn"])
        every = [one for page in pages for one in page["Subscriptions"]]
        return next((one["SubscriptionArn"] for one in every if (one["Protocol"], one["Endpoint"]) == wanted), "")


_RULE_ARN = "arn:{partition}:events:{region}:{account}:rule/{Path}"
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
_QUEUE = {
    "ContentBasedDeduplication": "false",
    "DeduplicationScope": "queue",
    "DelaySeconds": 0,
    "FifoThroughputLimit": "perQueue",
    "KmsDataKeyReusePeriodSeconds": 300,
    "KmsMasterKeyId": "",
    "MaximumMessageSize": 1_048_576,
    "MessageRetentionPeriod": 345_600,
    "ReceiveMessageWaitTimeSeconds": 0,
    "RedrivePolicy": "",
    "SqsManagedSseEnabled": "true",
    "VisibilityTimeout": 30,
}
_TOPIC_ARN = "arn:{partition}:sns:{region}:{account}:{Name}"
_QUEUE_ARN = "arn:{partition}:sqs:{region}:{account}:{QueueName}"
PROVIDERS: dict[str, Provider] = {
    "AWS::SQS::Queue": api(
        "sqs", "create_queue", "@QueueUrl", name="QueueName", name_limit=80, prepare=_queue,
        attributes={"Arn": _QUEUE_ARN, "QueueName": "{QueueName}", "QueueUrl": "{id}"},
        update_call="set_queue_attributes", update_with={"QueueUrl": "{id}"}, defaults=_QUEUE,
        settings=(tags("sqs", "tag_queue", "untag_queue", of="QueueUrl"),),
        lookup=Lookup("get_queue_url", {"QueueName": "{QueueName}"}, "QueueUrl"),
        delete_call="delete_queue", delete_with={"QueueUrl": "{id}"},
    ),
    "AWS::SQS::QueuePolicy": QUEUE_POLICY,
    "AWS::SNS::Topic": api(
        "sns", "create_topic", "@TopicArn", name="TopicName", name_limit=256, prepare=_topic,
        settings=(Setting(_topic_subscriptions, "Subscription"), _topic_attribute("DisplayName", ""),
                  _topic_attribute("KmsMasterKeyId", ""), _topic_attribute("ContentBasedDeduplication", "false"),
                  tags("sns", "tag_resource", "untag_resource", of="ResourceArn", keys="TagKeys", put="Tags")),
        attributes={"TopicArn": "{id}", "TopicName": "{Name}"},
        lookup=Lookup("get_topic_attributes", {"TopicArn": _TOPIC_ARN}, "Attributes"),
        delete_call="delete_topic", delete_with={"TopicArn": "{id}"},
    ),
    "AWS::SNS::Subscription": Subscription(
        service="sns", create_call="subscribe", ref="@SubscriptionArn", attributes={"Arn": "{id}"},
        prepare=_subscription,
        settings=(Setting(_subscription_settings, *_SUBSCRIPTION, created=False),),
        delete_call="unsubscribe", delete_with={"SubscriptionArn": "{id}"},
    ),
    "AWS::SNS::TopicPolicy": TOPIC_POLICY,
    "AWS::Events::Rule": Rule(
        service="events", create_call="put_rule", ref="{Id}", name="Name", prepare=_rule,
        attributes={"Arn": _RULE_ARN}, update_call="put_rule", update_replaces=True, update_drops=("EventBusName",),
        lookup=Lookup("describe_rule", {"Name": "{Name}", "EventBusName": "{Bus}"}, "Name"),
        settings=(Setting(_targets, "Targets"),
                  tags("events", "tag_resource", "untag_resource", of="ResourceARN", keys="TagKeys", put="Tags",
                       by="arn:{partition}:events:{region}:{account}:rule/{id}")),
    ),
    "AWS::Events::EventBus": api(
        "events", "create_event_bus", "{Name}", attributes={"Arn": "@EventBusArn", "Name": "{Name}"},
        settings=(tags("events", "tag_resource", "untag_resource", of="ResourceARN", keys="TagKeys", put="Tags",
                       by="arn:{partition}:events:{region}:{account}:event-bus/{id}"),),
        delete_call="delete_event_bus", delete_with={"Name": "{id}"},
    ),
}  # fmt: skip
