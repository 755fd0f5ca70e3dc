"""Allowed or denied, as the IAM user guide's evaluation logic has it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import json
from typing import Any

import pytest

from slipway_local.permissions.conditions import UnsupportedPolicyError
from slipway_local.permissions.decision import Need, Policies, decide
from slipway_local.permissions.policy import Statement, parse
from slipway_local.permissions.principals import Caller, RoleSession, ServicePrincipal

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/worker"
SESSION = RoleSession(role_arn=ROLE, arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/one", account=ACCOUNT)
READ = Need("s3:GetObject", "arn:aws:s3:::papers/reports/a.pdf")
SILENT = "because no identity-based policy allows the s3:GetObject action"


def document(*statements: dict[str, Any]) -> tuple[Statement, ...]:
    return parse(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))


def allow(action: Any = "s3:GetObject", resource: Any = "arn:aws:s3:::papers/*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(**more: Any) -> dict[str, Any]:
    return {**allow(**more), "Effect": "Deny"}


def judge(
    *identity: dict[str, Any], boundary: Any = None, resource: Any = None, caller: Caller = SESSION, need: Need = READ,
    context: Any = None,
) -> str | None:  # fmt: skip
    policies = Policies(
        identity=[("own", document(*identity))] if identity else [], boundary=boundary, resource=resource
    )
    return decide(caller, need, policies, context or {}, lambda *_: None)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (allow(), None),
        (allow("S3:getobject"), None),  # actions know no case
        (allow("s3:Get*"), None),
        (allow("*", "*"), None),
        (allow(resource="arn:aws:s3:::papers/reports/?.pdf"), None),
        (allow(resource="arn:aws:s3:::Papers/*"), SILENT),  # resources do
        (allow("s3:PutObject"), SILENT),
        (allow(resource="arn:aws:s3:::papers"), SILENT),
        ({"Effect": "Allow", "NotAction": "s3:Put*", "Resource": "*"}, None),
        ({"Effect": "Allow", "NotAction": "s3:Get*", "Resource": "*"}, SILENT),
        ({"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::papers/private/*"}, None),
        ({"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::papers/*"}, SILENT),
    ],
)
def test_a_statement_speaks_of_actions_and_resources(statement: dict[str, Any], expected: str | None) -> None:
    assert judge(statement) == expected


def test_nothing_said_is_denied() -> None:
    assert judge() == SILENT


def test_an_explicit_deny_wins_wherever_it_stands() -> None:
    assert judge(allow("*", "*"), deny()) == "with an explicit deny in an identity-based policy"
    by_bucket = document({**deny(), "Principal": "*"})
    assert judge(allow(), resource=by_bucket) == "with an explicit deny in a resource-based policy"
    assert judge(allow(), boundary=document(allow(), deny())) == "with an explicit deny in a permissions boundary"


def test_a_permissions_boundary_allows_nothing_by_itself_and_limits_the_rest() -> None:
    assert judge(boundary=document(allow("*", "*"))) == SILENT
    assert judge(allow(), boundary=document(allow())) is None
    outside = "because no permissions boundary allows the s3:GetObject action"
    assert judge(allow(), boundary=document(allow("sqs:*", "*"))) == outside


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ({"AWS": ROLE}, None),
        ({"AWS": SESSION.arn}, None),
        ("*", None),
        ({"AWS": "*"}, None),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, SILENT),  # the account may delegate; the role's policy must say so
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:role/other"}, SILENT),
        ({"Service": "lambda.amazonaws.com"}, SILENT),
    ],
)
def test_in_one_account_a_resource_policy_that_names_the_role_is_enough(principal: Any, expected: str | None) -> None:
    assert judge(resource=document({**allow(), "Principal": principal})) == expected


@pytest.mark.parametrize(
    ("spared", "expected"),
    [
        ([ROLE, f"arn:aws:iam::{ACCOUNT}:root"], None),
        ([SESSION.arn, ACCOUNT], None),
        (["*"], None),
        ([ROLE], "with an explicit deny in a resource-based policy"),  # the account is denied, and the role with it
        ([f"arn:aws:iam::{ACCOUNT}:root"], "with an explicit deny in a resource-based policy"),
        ([f"arn:aws:iam::{ACCOUNT}:role/other", ACCOUNT], "with an explicit deny in a resource-based policy"),
    ],
)
def test_a_deny_spares_whom_not_principal_names_with_its_account(spared: list[str], expected: str | None) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html"""
    bucket = document({**deny(), "NotPrincipal": {"AWS": spared}})
    assert judge(allow(), resource=bucket) == expected
    bounded = "with an explicit deny in a resource-based policy"
    assert judge(allow(), resource=bucket, boundary=document(allow("*", "*"))) == bounded


def test_not_principal_goes_with_deny_only() -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html"""
    with pytest.raises(UnsupportedPolicyError, match="NotPrincipal"):
        document({**allow(), "NotPrincipal": {"AWS": ROLE}})


def test_a_key_needs_its_own_policy_too() -> None:
    """https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html"""
    key = Need("kms:Decrypt", "arn:aws:kms:us-east-1:123456789012:key/1")
    own, root = allow("kms:Decrypt", "*"), {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    delegates = document({**allow("kms:*", "*"), "Principal": root})
    closed = document({**allow("kms:*", "*"), "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/other"}})
    assert judge(own, resource=delegates, need=key) is None
    assert judge(own, resource=closed, need=key) == "because no resource-based policy allows the kms:Decrypt action"
    assert judge(resource=delegates, need=key) == "because no identity-based policy allows the kms:Decrypt action"


def test_a_service_needs_the_resource_to_let_it_in() -> None:
    events = ServicePrincipal(arn="events.amazonaws.com", account=ACCOUNT)
    send = Need("sqs:SendMessage", f"arn:aws:sqs:us-east-1:{ACCOUNT}:work")
    rule = f"arn:aws:events:us-east-1:{ACCOUNT}:rule/nightly"
    queue = document(
        {
            **allow("sqs:SendMessage", send.resource),
            "Principal": {"Service": "events.amazonaws.com"},
            "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
        }
    )
    assert judge(resource=queue, caller=events, need=send, context={"aws:sourcearn": [rule]}) is None
    silent = "because no resource-based policy allows the sqs:SendMessage action"
    assert judge(resource=queue, caller=events, need=send, context={"aws:sourcearn": [f"{rule}2"]}) == silent
    assert judge(resource=None, caller=events, need=send, context={"aws:sourcearn": [rule]}) == silent


def test_a_variable_in_a_resource_takes_the_callers_value() -> None:
    own = allow(resource="arn:aws:s3:::papers/${aws:PrincipalTag/team}/*")
    assert judge(own, context={"aws:principaltag/team": ["reports"]}) is None
    assert judge(own, context={"aws:principaltag/team": ["*"]}) == SILENT
    assert judge(own) == SILENT


def test_use_is_told_by_action_and_resource_as_the_policy_writes_them() -> None:
    told = []
    policies = Policies(
        identity=[("own", document(allow(["s3:Put*", "s3:Get*"], ["arn:aws:s3:::x/*", "*"], Sid="Some")))]
    )
    assert decide(SESSION, READ, policies, {}, lambda *use: told.append((use[0], use[1].name, *use[2:]))) is None
    assert told == [("own", "Some", "s3:Get*", "*")]


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"Statement": [{"Action": "*"}]}', '{"Statement": {"Effect": "Allow", "Actions": "*"}}']
)
def test_what_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(UnsupportedPolicyError):
        parse(text)
