"""Condition operators, as the IAM user guide documents them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from typing import Any

import pytest

from slipway_local.permissions.conditions import UnsupportedPolicyError, holds

CONTEXT = {
    "aws:sourcearn": ["arn:aws:events:us-east-1:123456789012:rule/nightly"],
    "aws:securetransport": ["true"],
    "aws:sourceip": ["203.0.113.7"],
    "aws:currenttime": ["2026-05-01T12:00:00Z"],
    "aws:principaltag/team": ["Blue"],
    "aws:principaltag/any": ["*"],
    "aws:principalaccount": ["123456789012"],
    "s3:max-keys": ["10"],
    "aws:tagkeys": ["cost", "team"],
}


@pytest.mark.parametrize(
    ("operator", "key", "value", "expected"),
    [
        ("StringEquals", "aws:PrincipalTag/team", "Blue", True),
        ("StringEquals", "aws:PrincipalTag/team", "blue", False),
        ("StringEquals", "aws:PrincipalTag/team", ["Red", "Blue"], True),
        ("StringEquals", "aws:PrincipalTag/team", "B*", False),
        ("StringEqualsIgnoreCase", "aws:PrincipalTag/team", "blue", True),
        ("StringNotEquals", "aws:PrincipalTag/team", ["Red", "Green"], True),
        ("StringNotEquals", "aws:PrincipalTag/team", ["Red", "Blue"], False),
        ("StringLike", "aws:PrincipalTag/team", "B?u*", True),
        ("StringNotLike", "aws:PrincipalTag/team", "B*", False),
        ("StringEquals", "aws:PrincipalTag/other", "${aws:PrincipalTag/team}", False),
        ("StringEquals", "aws:PrincipalTag/team", "${aws:PrincipalTag/team}", True),
        ("StringEquals", "aws:PrincipalTag/team", "${aws:PrincipalTag/none, 'Blue'}", True),
        ("NumericLessThanEquals", "s3:max-keys", "10", True),
        ("NumericLessThan", "s3:max-keys", 10, False),
        ("NumericNotEquals", "s3:max-keys", 9.5, True),
        ("DateGreaterThan", "aws:CurrentTime", "2026-01-01T00:00:00Z", True),
        ("DateLessThan", "aws:CurrentTime", "2026-01-01T00:00:00Z", False),
        ("Bool", "aws:SecureTransport", "true", True),
        ("Bool", "aws:SecureTransport", False, False),
        ("IpAddress", "aws:SourceIp", "203.0.113.0/24", True),
        ("NotIpAddress", "aws:SourceIp", ["203.0.113.0/24", "198.51.100.0/24"], False),
        ("ArnLike", "aws:SourceArn", "arn:aws:events:*:123456789012:rule/*", True),
        ("ArnEquals", "aws:SourceArn", "arn:aws:events:us-east-1:123456789012:rule/n*", True),
        ("ArnLike", "aws:SourceArn", "arn:aws:ev*:rule/nightly", False),  # a wildcard does not cross a colon
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
        ("ArnLike", "aws:SourceArn", "arn:aws:events:us-east-1:${aws:PrincipalAccount}:rule/*", True),
        ("ArnLike", "aws:SourceArn", "arn:aws:events:us-east-1:${aws:PrincipalTag/team}:rule/*", False),
        ("ArnLike", "aws:SourceArn", "arn:aws:events:us-east-1:${aws:PrincipalTag/any}:rule/*", False),
        ("ArnEquals", "aws:SourceArn", "arn:aws:events:us-east-1:${aws:PrincipalTag/none}:rule/*", False),
        ("ArnEquals", "aws:SourceArn", "${aws:SourceArn}", True),
        ("ArnNotLike", "aws:SourceArn", "arn:aws:events:*:999999999999:rule/*", True),
        ("Null", "aws:SourceArn", "false", True),
        ("Null", "aws:PrincipalTag/other", "true", True),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["cost", "team", "more"], True),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["cost"], False),
        ("ForAnyValue:StringEquals", "aws:TagKeys", ["cost"], True),
        ("ForAnyValue:StringEquals", "aws:TagKeys", ["other"], False),
        ("ForAnyValue:StringNotEquals", "aws:TagKeys", ["cost"], True),
        ("ForAllValues:StringNotEquals", "aws:TagKeys", ["other"], True),
    ],
)
def test_an_operator_holds_as_documented(operator: str, key: str, value: Any, expected: bool) -> None:
    assert holds({operator: {key: value}}, CONTEXT) is expected


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("StringEquals", False),
        ("StringNotEquals", True),
        ("ArnLike", False),
        ("Bool", False),
        ("NumericLessThan", False),
        ("StringEqualsIfExists", True),
        ("StringNotEqualsIfExists", True),
        ("BoolIfExists", True),
        ("ForAllValues:StringEquals", True),
        ("ForAnyValue:StringEquals", False),
        ("ForAnyValue:StringNotEquals", False),
    ],
)
def test_a_key_that_is_missing_matches_nothing(operator: str, expected: bool) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html"""
    assert holds({operator: {"aws:Missing": "x"}}, CONTEXT) is expected


def test_all_operators_and_all_keys_must_hold() -> None:
    both = {"Bool": {"aws:SecureTransport": "true"}, "StringEquals": {"aws:PrincipalTag/team": "Blue"}}
    assert holds(both, CONTEXT)
    assert not holds(both | {"Null": {"aws:SourceArn": "true"}}, CONTEXT)


def test_an_operator_that_is_not_known_is_named() -> None:
    with pytest.raises(UnsupportedPolicyError, match="StringSoundsLike"):
        holds({"StringSoundsLike": {"aws:SourceArn": "x"}}, CONTEXT)
