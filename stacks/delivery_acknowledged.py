"""The findings of cdk-nag that the pipeline's construct makes by itself, accepted with one reason, in one place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from slipway_constructs.acknowledgement import acknowledge, flat
from stacks.acknowledged import STANDARDS

POLICY_REASON = (
    "CDK Pipelines writes these policies: builds reach the pipeline's own artifacts, logs and reports, and the "
    "bootstrap roles of the environments, whose trust names this account. Names are known only once it is built."
)
LOGS_REASON = (
    "The bucket holds the pipeline's own artifacts for the time of an execution; the executions and who started them "
    "are in CloudTrail."
)
# Of the packs for HIPAA, NIST 800-53 and PCI DSS, in the whole stack.
OF_STANDARDS = {
    "S3BucketLoggingEnabled": LOGS_REASON,
    "S3BucketReplicationEnabled": "Artifacts are made anew from the repository by running the pipeline again.",
    "S3BucketVersioningEnabled": "Each execution writes its artifacts under new names, and they expire.",
    "IAMNoInlinePolicy": "Each role belongs to one build or action, and its policy is written from what that one does.",
    "CodeBuildProjectSourceRepoUrl": "The builds take their source from the pipeline, which takes it from a connection "
    "without a password; the rule looks for a URL.",
    "SNSEncryptedKMS": "Notices say which execution stopped where, and nothing of what is deployed.",
}


def acknowledge_pipeline(pipeline: Construct) -> None:
    """Accept the wildcards of the library's own policies, its bucket without access logs, and what standards ask."""
    stack = cdk.Stack.of(pipeline)
    for construct in pipeline.node.find_all():
        if isinstance(construct, iam.CfnPolicy):
            document = stack.resolve(construct.policy_document)
            for finding in _wildcards(document):
                acknowledge(construct, f"AwsSolutions-IAM5[{finding}]", POLICY_REASON)
    acknowledge(pipeline, "AwsSolutions-S1", LOGS_REASON)
    for rule, reason in OF_STANDARDS.items():
        for pack in STANDARDS:
            acknowledge(stack, f"{pack}-{rule}", reason)


def _wildcards(document: dict[str, Any]) -> Iterator[str]:
    for statement in document["Statement"]:
        for part in ("Action", "Resource"):
            values = statement.get(part, [])
            for value in values if isinstance(values, list) else [values]:
                if "*" in json.dumps(value):
                    yield f"{part}::{flat(value)}"
