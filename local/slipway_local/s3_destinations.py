"""Notification configurations name destinations that exist and let S3 in, policies enforced or not.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html and
https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
"""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

from slipway_local.permissions.enforcement import enforcement
from slipway_local.permissions.senders import DELIVERY_ACTIONS

KINDS = ("Topic", "Queue", "CloudFunction")
AMBIGUOUS = (
    "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are "
    "overlapping for the same event type."
)
SKIP = "x-amz-skip-destination-validation"


def install() -> None:
    """Put this before moto's buckets, which take any ARN."""
    from moto.s3.exceptions import S3ClientError
    from moto.s3.responses import S3Response

    parse = S3Response._notification_config_from_body

    def parse_and_check(self: Any) -> Any:
        configuration = parse(self)
        if _overlap(configuration):
            raise S3ClientError("InvalidArgument", AMBIGUOUS)
        closed = [] if self.headers.get(SKIP, "").lower() == "true" else _closed(self.bucket_name, configuration)
        if closed:
            raise S3ClientError(
                "InvalidArgument",
                f"Unable to validate the following destination configurations: {', '.join(closed)} "
                "(it does not exist, or its policy does not let s3.amazonaws.com in for this bucket)",
            )
        return configuration

    S3Response._notification_config_from_body = parse_and_check


def _overlap(configuration: Mapping[str, Any]) -> bool:
    """Return whether one change of an object would fall under two configurations.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
    """
    every = [one for kind in KINDS for one in configuration.get(f"{kind}Configuration", ())]
    return any(_both(one, other) for one, other in combinations(every, 2))


def _both(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    kinds = [(first.rstrip("*"), second.rstrip("*")) for first in one["Event"] for second in other["Event"]]
    (prefix, suffix), (other_prefix, other_suffix) = _filters(one), _filters(other)
    return (
        any(first.startswith(second) or second.startswith(first) for first, second in kinds)
        and (prefix.startswith(other_prefix) or other_prefix.startswith(prefix))
        and (suffix.endswith(other_suffix) or other_suffix.endswith(suffix))
    )


def _filters(one: Mapping[str, Any]) -> tuple[str, str]:
    rules = ((one.get("Filter") or {}).get("S3Key") or {}).get("FilterRule") or ()
    found = {str(rule["Name"]).lower(): str(rule["Value"]) for rule in rules}
    return found.get("prefix", ""), found.get("suffix", "")


def _closed(bucket: str, configuration: Mapping[str, Any]) -> list[str]:
    """Return the destinations that S3 may not reach from a bucket."""
    arns = [one[kind] for kind in KINDS for one in configuration.get(f"{kind}Configuration", ())]
    source = f"arn:{enforcement.partition}:s3:::{bucket}"
    may = enforcement.lets_in
    return [arn for arn in arns if not may("s3.amazonaws.com", DELIVERY_ACTIONS[arn.split(":")[2]], arn, source)]
