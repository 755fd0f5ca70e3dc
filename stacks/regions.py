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

# Those whose resources cfn-lint 1.58.0 knows; a template for another one would not pass its check.
REGIONS = (
    *("af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1"),
    *("ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5"),
    *("ap-southeast-6", "ap-southeast-7", "ca-central-1", "ca-west-1", "cn-north-1", "cn-northwest-1"),
    *("eu-central-1", "eu-central-2", "eu-isoe-west-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1"),
    *("eu-west-2", "eu-west-3", "eusc-de-east-1", "il-central-1", "me-central-1", "me-south-1", "mx-central-1"),
    *("sa-east-1", "us-east-1", "us-east-2", "us-gov-east-1", "us-gov-west-1", "us-iso-east-1", "us-iso-west-1"),
    *("us-isob-east-1", "us-isob-west-1", "us-isof-east-1", "us-isof-south-1", "us-west-1", "us-west-2"),
)


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
        "us-isof-": "aws-iso-f",
        "eu-isoe-": "aws-iso-e",
        "eusc-": "aws-eusc",
    }
    return next((partition for prefix, partition in known.items() if region.startswith(prefix)), "aws")


def can_call(region: str, model_id: str) -> bool:
    """Return whether a region can call a Bedrock id: always a plain model's, an inference profile's where it serves."""
    prefix = profile_prefix(model_id)
    return prefix is None or re.fullmatch(PROFILE_REGIONS[prefix], region) is not None
