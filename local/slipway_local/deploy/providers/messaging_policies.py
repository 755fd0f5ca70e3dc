"""Policies of queues and topics: resources without an identity of their own."""

import json
from typing import Any

from slipway_local.deploy.providers.base import Context, Created, Everything, Properties
from slipway_local.deploy.providers.calls import text


class Policy(Everything):
    """A policy document attached to several queues or topics, each of which has one policy."""

    def __init__(self, holders: str, service: str) -> None:
        self._holders, self._service = holders, service

    def create(self, context: Context, properties: Properties) -> Created:
        """Attach the policy."""
        for holder in properties[self._holders]:
            self._set(context, holder, text(properties["PolicyDocument"]))
        return Created(physical_id=context.name())

    def update(self, context: Context, existing: Created, old: Properties, new: Properties) -> Created:
        """Take the policy from the holders that are gone and attach it to the others."""
        gone = [holder for holder in old[self._holders] if holder not in new[self._holders]]
        self.delete(context, existing, {**old, self._holders: gone})
        self.create(context, new)
        return existing

    def delete(self, context: Context, existing: Created, properties: Properties) -> None:
        """Take the policy from whoever still has it: a newer resource may have put another in its place."""
        document = json.loads(text(properties["PolicyDocument"]))
        for holder in properties[self._holders]:
            if json.loads(self._attributes(context, holder).get("Policy") or "{}") == document:
                self._set(context, holder, self._none(context, holder))

    def taken(self, context: Context, properties: Properties) -> str:
        """Return the holder that has a policy: another resource put it there, and would take this one along."""
        return next((holder for holder in properties[self._holders] if self._has(context, holder)), "")

    def _has(self, context: Context, holder: str) -> bool:
        policy = self._attributes(context, holder).get("Policy") or "{}"
        return bool(json.loads(policy)) and json.loads(policy) != json.loads(self._none(context, holder) or "{}")

    def _attributes(self, context: Context, holder: str) -> dict[str, Any]:
        client = context.place.client(self._service)
        if self._service == "sqs":
            answer = client.get_queue_attributes(QueueUrl=holder, AttributeNames=["Policy"])
        else:
            answer = client.get_topic_attributes(TopicArn=holder)
        return dict(answer.get("Attributes", {}))

    def _set(self, context: Context, holder: str, policy: str) -> None:
        client = context.place.client(self._service)
        if self._service == "sqs":
            client.set_queue_attributes(QueueUrl=holder, Attributes={"Policy": policy})
        else:
            client.set_topic_attributes(TopicArn=holder, AttributeName="Policy", AttributeValue=policy)

    def _none(self, context: Context, holder: str) -> str:
        """Return what stands where no policy is set: of a topic, the one that lets its owner do everything.

        Source: https://docs.aws.amazon.com/sns/latest/api/API_AddPermission.html
        """
        if self._service == "sqs":
            return ""
        verbs = ("GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic",
                 "Subscribe", "ListSubscriptionsByTopic", "Publish")  # fmt: skip
        statement = {
            "Effect": "Allow", "Sid": "__default_statement_ID", "Principal": {"AWS": "*"},
            "Action": [f"SNS:{verb}" for verb in verbs], "Resource": holder,
            "Condition": {"StringEquals": {"AWS:SourceOwner": context.place.account}},
        }  # fmt: skip
        return json.dumps({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]})


QUEUE_POLICY = Policy("Queues", "sqs")
TOPIC_POLICY = Policy("Topics", "sns")
