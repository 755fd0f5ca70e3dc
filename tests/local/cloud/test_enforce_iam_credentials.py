"""No way around a session's policies: by other credentials, or by none.

Expectations: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html,
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html and
https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html (MissingAuthenticationToken)
"""

import json
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from slipway_local import cloud

pytestmark = pytest.mark.capability("O14")

ACCOUNT = "123456789012"


def client_with(enforcing_cloud: Any, service: str, keys: dict[str, str] | None = None) -> Any:
    """A client with temporary credentials, without any it signs nothing."""
    given = keys or {"AccessKeyId": "x", "SecretAccessKey": "x", "SessionToken": ""}
    more = {} if keys else {"signature_version": UNSIGNED}
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=enforcing_cloud.place.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"] or None,
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, **more),
    )


def code_of(call: Any) -> str:
    with pytest.raises(ClientError) as raised:
        call()
    return str(raised.value.response["Error"]["Code"])


@pytest.fixture(scope="module")
def roles(enforcing_cloud: Any) -> dict[str, str]:
    """A role that may assume every role, one that trusts it, and one of those that deploy."""
    iam = enforcing_cloud.place.client("iam")

    def make(name: str, action: str, tags: Any = ()) -> str:
        trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document, Tags=list(tags))["Role"]
        allow = {"Effect": "Allow", "Action": action, "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy)
        return str(role["Arn"])

    bootstrap = [{"Key": "aws-cdk:bootstrap-role", "Value": "deploy"}]
    return {
        "first": make("first", "sts:*"),
        "second": make("second", "sqs:ListQueues"),
        "deploys": make("deploys", "*", bootstrap),
    }


@pytest.fixture(scope="module")
def session(enforcing_cloud: Any, roles: dict[str, str]) -> dict[str, str]:
    """Credentials of a session of the first role."""
    sts = enforcing_cloud.place.client("sts")
    return dict(sts.assume_role(RoleArn=roles["first"], RoleSessionName="one")["Credentials"])


@pytest.mark.parametrize(
    ("operation", "arguments"), [("get_session_token", {}), ("get_federation_token", {"Name": "somebody"})]
)
def test_a_session_gets_no_new_credentials_for_itself(
    enforcing_cloud: Any, session: dict[str, str], operation: str, arguments: dict[str, str]
) -> None:
    sts = client_with(enforcing_cloud, "sts", session)
    with pytest.raises(ClientError, match="with session credentials") as raised:
        getattr(sts, operation)(**arguments)
    assert raised.value.response["Error"]["Code"] == "AccessDenied"


def test_a_session_of_a_session_has_its_roles_permissions_alone(
    enforcing_cloud: Any, session: dict[str, str], roles: dict[str, str]
) -> None:
    sts = client_with(enforcing_cloud, "sts", session)
    keys = sts.assume_role(RoleArn=roles["second"], RoleSessionName="two")["Credentials"]
    client_with(enforcing_cloud, "sqs", keys).list_queues()
    assert code_of(client_with(enforcing_cloud, "s3", keys).list_buckets) == "AccessDenied"
    assert code_of(client_with(enforcing_cloud, "sqs", session).list_queues) == "AccessDenied"


def test_no_session_becomes_the_administrator(
    enforcing_cloud: Any, session: dict[str, str], roles: dict[str, str]
) -> None:
    """Roles that deploy are administrators here, which is our own rule: AWS would judge them by their policies."""
    sts = client_with(enforcing_cloud, "sts", session)
    with pytest.raises(ClientError, match="No session may assume"):
        sts.assume_role(RoleArn=roles["deploys"], RoleSessionName="three")


def test_a_role_that_does_not_exist_is_not_assumed_and_a_missing_bootstrap_is_named(enforcing_cloud: Any) -> None:
    """Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_roles.html; the remedy is our own."""
    sts = enforcing_cloud.place.client("sts")
    nobody = f"arn:aws:iam::{ACCOUNT}:role/nobody"
    with pytest.raises(ClientError, match=f"not authorized to perform: sts:AssumeRole on resource: {nobody}"):
        sts.assume_role(RoleArn=nobody, RoleSessionName="four")
    deploy = f"arn:aws:iam::{ACCOUNT}:role/cdk-hnb659fds-deploy-role-{ACCOUNT}-us-east-1"
    with pytest.raises(ClientError, match=f"`cdk bootstrap aws://{ACCOUNT}/us-east-1` makes it"):
        sts.assume_role(RoleArn=deploy, RoleSessionName="five")


def test_the_report_tells_roles_that_deploy_from_those_that_are_judged(
    enforcing_cloud: Any, roles: dict[str, str]
) -> None:
    """Our own report: no documentation of AWS's."""
    report = cloud.permissions(enforcing_cloud.state)
    deploys = {one["role"]: one["deploys"] for one in report["roles"]}
    assert (deploys[roles["deploys"]], deploys[roles["first"]]) == (True, False)


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "code"),
    [
        ("s3", "list_buckets", {}, "AccessDenied"),
        ("s3", "put_object", {"Bucket": "any", "Key": "k", "Body": b"x"}, "AccessDenied"),
        ("dynamodb", "list_tables", {}, "MissingAuthenticationTokenException"),
        ("sqs", "list_queues", {}, "MissingAuthenticationTokenException"),
        ("sns", "list_topics", {}, "MissingAuthenticationToken"),
        ("lambda", "list_functions", {}, "403"),  # a path alone could be S3's, and the answer is S3's
        ("sts", "assume_role_with_web_identity", {
            "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/first", "RoleSessionName": "web", "WebIdentityToken": "abcd"},
         "MissingAuthenticationToken"),  # nothing here verifies the token
        ("cognito-idp", "list_user_pools", {"MaxResults": 1}, "MissingAuthenticationTokenException"),
    ],
)  # fmt: skip
def test_what_nobody_signed_is_refused(
    enforcing_cloud: Any, roles: dict[str, str], service: str, operation: str, arguments: dict[str, Any], code: str
) -> None:
    assert code_of(lambda: getattr(client_with(enforcing_cloud, service), operation)(**arguments)) == code


def test_signing_in_to_a_user_pool_needs_no_signature(enforcing_cloud: Any) -> None:
    """https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flows-public-server-side.html"""
    public = client_with(enforcing_cloud, "cognito-idp")
    arguments = {"ClientId": "nobody", "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": {"USERNAME": "a"}}
    assert code_of(lambda: public.initiate_auth(**arguments)) in ("ResourceNotFoundException", "NotAuthorizedException")
