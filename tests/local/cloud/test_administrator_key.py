"""The administrator's key: random, kept by its owner alone, and with policies enforced the only one beside sessions'.

Expectations: https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html (InvalidClientTokenId),
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
(UnrecognizedClientException) and https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
(InvalidAccessKeyId)
"""

import json
import re
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from slipway_local import administrator, cloud

pytestmark = pytest.mark.capability("O14")

INVENTED = "AKIAIOSFODNN7EXAMPLE"
INVENTS = f"""
import boto3
def handler(event, context):
    keys = dict(aws_access_key_id="{INVENTED}", aws_secret_access_key="x")
    try:
        return boto3.client("dynamodb", **keys).list_tables()["TableNames"]
    except Exception as error:
        return str(error)
"""


def client_of(place: Any, service: str, key: str) -> Any:
    make: Any = boto3.client
    return make(
        service, endpoint_url=place.endpoint_url, region_name="us-east-1", aws_access_key_id=key,
        aws_secret_access_key="x", config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("service", "operation", "code", "status"),
    [
        ("iam", "list_roles", "InvalidClientTokenId", 403),
        ("sts", "get_caller_identity", "InvalidClientTokenId", 403),
        ("sqs", "list_queues", "InvalidClientTokenId", 400),
        ("dynamodb", "list_tables", "UnrecognizedClientException", 400),
        ("lambda", "list_functions", "UnrecognizedClientException", 403),
        ("s3", "list_buckets", "InvalidAccessKeyId", 403),
        ("ec2", "describe_vpcs", "AuthFailure", 403),
    ],
)
def test_a_made_up_key_is_nobodys(enforcing_cloud: Any, service: str, operation: str, code: str, status: int) -> None:
    client = client_of(enforcing_cloud.place, service, INVENTED)
    with pytest.raises(ClientError) as raised:
        getattr(client, operation)()
    response = raised.value.response
    assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    assert re.search(r"security token included in the request is invalid|does not exist", response["Error"]["Message"])


def test_a_presigned_address_of_a_made_up_key_opens_nothing(enforcing_cloud: Any) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html"""
    url = client_of(enforcing_cloud.place, "s3", INVENTED).generate_presigned_url("list_buckets")
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(url)
    assert raised.value.code == 403
    assert b"<Code>InvalidAccessKeyId</Code>" in raised.value.read()


def test_a_key_made_up_inside_a_function_is_nobodys_either(enforcing_cloud: Any) -> None:
    template = {"Resources": {
        "Role": enforcing_cloud.role(),
        "Function": enforcing_cloud.function(INVENTS, FunctionName="invents"),
    }}  # fmt: skip
    enforcing_cloud.deploy(Invents=template)
    answer = enforcing_cloud.place.client("lambda").invoke(FunctionName="invents")
    assert "UnrecognizedClientException" in json.load(answer["Payload"])


def test_a_key_of_an_iam_user_is_refused_since_users_are_not_judged(enforcing_cloud: Any) -> None:
    """Our own limit: the docs say that users' policies are not evaluated, so their keys open nothing."""
    iam = enforcing_cloud.place.client("iam")
    iam.create_user(UserName="somebody")
    key = iam.create_access_key(UserName="somebody")["AccessKey"]["AccessKeyId"]
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        client_of(enforcing_cloud.place, "iam", key).list_roles()


def test_the_administrator_gets_no_second_key(enforcing_cloud: Any) -> None:
    """Our own limit: what STS would give is no session of a role, and nothing here would know it again."""
    with pytest.raises(ClientError, match="GetSessionToken is not emulated"):
        enforcing_cloud.place.client("sts").get_session_token()


def test_without_enforcement_any_key_works(local_cloud: Any) -> None:
    assert client_of(local_cloud.place, "dynamodb", INVENTED).list_tables()["TableNames"] is not None


def test_the_key_is_random_private_and_outlives_a_restart(tmp_path: Path, enforcing_cloud: Any) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html: AKIA begins a long-term key."""
    first = administrator.ensure(tmp_path)
    assert administrator.ensure(tmp_path) == first
    assert (tmp_path / administrator.FILE).stat().st_mode & 0o777 == 0o600
    running = cloud.credentials(enforcing_cloud.state)
    assert re.fullmatch(r"AKIA[A-Z2-7]{16}", running.access_key_id)
    assert len(running.secret_access_key) == 40
    assert running.access_key_id != first.access_key_id
    assert (enforcing_cloud.state / administrator.FILE).stat().st_mode & 0o777 == 0o600


def test_no_function_is_told_the_administrators_key(enforcing_cloud: Any) -> None:
    code = "import os\ndef handler(event, context): return dict(os.environ)\n"
    template = {"Resources": {"Role": enforcing_cloud.role(), "F": enforcing_cloud.function(code, FunctionName="told")}}
    enforcing_cloud.deploy(Told=template)
    told = enforcing_cloud.place.client("lambda").invoke(FunctionName="told")["Payload"].read().decode()
    key = cloud.credentials(enforcing_cloud.state)
    assert key.access_key_id not in told
    assert key.secret_access_key not in told
    logs = [path.read_text() for path in enforcing_cloud.state.rglob("*.log")]
    assert not any(key.access_key_id in text or key.secret_access_key in text for text in logs)
