"""Sizes of policies, and partitions that are written out.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html and the quotas of each service.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from slipway_cli.preflights.actions import identity_policies
from slipway_cli.preflights.blame import setting_of
from slipway_cli.preflights.finding import Finding
from slipway_cli.preflights.subject import Resource, Subject

IAM_QUOTAS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"
PARTITIONS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html"
MOST_INLINE, MOST_MANAGED, MOST_TRUST, MOST_ATTACHED = 10_240, 6_144, 2_048, 10
OF_RESOURCES = {
    "AWS::KMS::Key": (
        "KeyPolicy",
        32_768,
        "https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html",
    ),
    "AWS::S3::BucketPolicy": (
        *("PolicyDocument", 20_480),
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-policy-language-overview.html",
    ),
    "AWS::SecretsManager::ResourcePolicy": (
        *("ResourcePolicy", 20_480),
        "https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html",
    ),
}
OTHER_PARTITION = re.compile(r"arn:(aws[a-z-]*):")


def role_policies(subject: Subject) -> Iterator[Finding]:
    """Yield an error for each role whose inline policies, trust policy or attachments pass the quotas."""
    inline: dict[str, int] = defaultdict(int)
    roles: dict[str, Resource] = {}
    for role, holder, document in identity_policies(subject):
        roles[role.where] = role
        if holder.type != "AWS::IAM::ManagedPolicy":
            inline[role.where] += _characters(document)
    for where, size in inline.items():
        if size > MOST_INLINE:
            yield _too_long(roles[where], f"the inline policies of the role have {size:,} characters", MOST_INLINE)
    for role in subject.of("AWS::IAM::Role"):
        trust = _characters(role.properties.get("AssumeRolePolicyDocument", {}))
        if trust > MOST_TRUST:
            yield _too_long(role, f"the trust policy has {trust:,} characters", MOST_TRUST)
        attached = len(role.properties.get("ManagedPolicyArns", []))
        if attached > MOST_ATTACHED:
            yield _too_long(role, f"{attached} managed policies are attached", MOST_ATTACHED)
    for policy in subject.of("AWS::IAM::ManagedPolicy"):
        size = _characters(policy.properties["PolicyDocument"])
        if size > MOST_MANAGED:
            yield _too_long(policy, f"the managed policy has {size:,} characters", MOST_MANAGED)


def resource_policies(subject: Subject) -> Iterator[Finding]:
    """Yield an error for each policy of a bucket, key or secret that its service would refuse for its size."""
    for resource in subject.of(*OF_RESOURCES):
        name, most, documentation = OF_RESOURCES[resource.type]
        size = _characters(resource.properties.get(name, {}))
        if size > most:
            yield _too_long(resource, f"the policy has {size:,} bytes", most, documentation)


def partitions(subject: Subject) -> Iterator[Finding]:
    """Yield an error for each ARN with another partition than that of the region."""
    for resource in subject.resources:
        for partition in set(OTHER_PARTITION.findall(json.dumps(resource.properties))) - {subject.partition}:
            yield Finding(
                check="partition",
                what=f"an ARN of the partition {partition} is written out; {subject.region} is in {subject.partition}",
                where=resource.where,
                setting=setting_of(resource),
                remedy="Write ${AWS::Partition}; where the ARN comes from the settings, name one of this partition.",
                documentation=PARTITIONS,
            )


def _characters(document: Any) -> int:
    """The length as IAM counts it: white space does not count."""
    return len(json.dumps(document, separators=(",", ":")))


def _too_long(resource: Resource, what: str, most: int, documentation: str = IAM_QUOTAS) -> Finding:
    return Finding(
        check="policy-size",
        what=f"{what}, of at most {most:,}",
        where=resource.where,
        setting=setting_of(resource),
        remedy="Name common prefixes of resources instead of each of them, or divide the role.",
        documentation=documentation,
    )
