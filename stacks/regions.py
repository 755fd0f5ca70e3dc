"""What AWS offers where: the partition of a region, and the regions that Bedrock's inference profiles serve."""

import re

# Prefixes of system-defined inference profiles, and the regions they can be called from. Source: Amazon Bedrock user
# guide, "Supported Regions and models for inference profiles".
PROFILE_REGIONS = {
    "us": r"us-(?!gov|iso).*",
    "us-gov": r"us-gov-.*",
    "eu": r"eu-.*",
    "apac": r"ap-.*",
    "jp": r"ap-northeast-.*",
    "au": r"ap-southeast-.*",
    "ca": r"ca-.*",
    "global": r"(?!cn-|us-gov-|us-iso|eusc-).*",
}


def profile_prefix(model_id: str) -> str | None:
    """Return the prefix that makes a Bedrock id an inference profile's (`eu`, `global` …), or None without one."""
    head = model_id.split(".", 1)[0]
    return head if head in PROFILE_REGIONS else None


def partition_of(region: str) -> str:
    """Return the AWS partition of a region, such as `aws-cn` for cn-north-1."""
    known = {
        "cn-": "aws-cn",
        "us-gov-": "aws-us-gov",
        "us-iso-": "aws-iso",
        "us-isob-": "aws-iso-b",
        "eusc-": "aws-eusc",
    }
    return next((partition for prefix, partition in known.items() if region.startswith(prefix)), "aws")


def can_call(region: str, model_id: str) -> bool:
    """Return whether a region can call a Bedrock id: always a plain model's, an inference profile's where it serves."""
    prefix = profile_prefix(model_id)
    return prefix is None or re.fullmatch(PROFILE_REGIONS[prefix], region) is not None
