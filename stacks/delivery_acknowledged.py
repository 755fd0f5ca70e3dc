"""The findings of cdk-nag that the pipeline's construct makes by itself, accepted with one reason, in one place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from slipway_constructs.acknowledgement import acknowledge, flat

POLICY_REASON = (
    "CDK Pipelines writes these policies: builds reach the pipeline's own artifacts, logs and reports, and the "
    "bootstrap roles of the environments, whose trust names this account. Names are known only once it is built."
)
LOGS_REASON = (
    "The bucket holds the pipeline's own artifacts for the time of an execution; the executions and who started them "
    "are in CloudTrail."
)


def acknowledge_pipeline(pipeline: Construct) -> None:
    """Accept the wildcards of the library's own policies, and its bucket of artifacts without access logs."""
    stack = cdk.Stack.of(pipeline)
    for construct in pipeline.node.find_all():
        if isinstance(construct, iam.CfnPolicy):
            document = stack.resolve(construct.policy_document)
            for finding in _wildcards(document):
                acknowledge(construct, f"AwsSolutions-IAM5[{finding}]", POLICY_REASON)
    acknowledge(pipeline, "AwsSolutions-S1", LOGS_REASON)


def _wildcards(document: dict[str, Any]) -> Iterator[str]:
    for statement in document["Statement"]:
        for part in ("Action", "Resource"):
            values = statement.get(part, [])
            for value in values if isinstance(values, list) else [values]:
                if "*" in json.dumps(value):
                    yield f"{part}::{flat(value)}"
