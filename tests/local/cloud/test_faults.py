"""Faults on demand: each reaches boto3 as the service's own error, in the service's own protocol."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from slipway_local import remote
from slipway_local.remote import LocalCloudError, RefusedRequestError

pytestmark = pytest.mark.capability("O14")


@pytest.fixture
def client(local_cloud: Any) -> Callable[..., Any]:
    """A boto3 client such as a function has; the local cloud's own calls are spared, so `place.client` will not do."""

    def make(service: str, attempts: int = 1) -> Any:
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=local_cloud.place.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id="a",
            aws_secret_access_key="b",
            config=Config(retries={"total_max_attempts": attempts, "mode": "standard"}),
        )

    return make


@pytest.fixture
def fault(local_cloud: Any) -> Iterator[Callable[..., Any]]:
    """Add a fault; all are gone after the test."""

    def add(operation: str, error: str | None = None, **settings: Any) -> Any:
        return remote.ask(local_cloud.state, "POST", "faults", {"operation": operation, "error": error, **settings})

    yield add
    remote.ask(local_cloud.state, "DELETE", "faults/")


BUCKET = {"Bucket": "some-bucket"}
STATEMENT = {"resourceArn": "arn:aws:rds:x" * 3, "secretArn": "arn:aws:secretsmanager", "sql": "SELECT 1"}
TURN = {"modelId": "amazon.nova-lite-v1:0", "messages": [{"role": "user", "content": [{"text": "hi"}]}]}


@pytest.mark.parametrize(
    ("service", "method", "arguments", "code", "status", "exception"),
    # The status is the one of the service's model, or of its page on common errors: see faults/common.py.
    [
        # json
        ("dynamodb", "list_tables", {}, "InternalServerError", 500, "InternalServerError"),
        ("dynamodb", "list_tables", {}, "ThrottlingException", 400, None),
        ("stepfunctions", "list_state_machines", {}, "InvalidToken", 400, "InvalidToken"),
        ("cloudwatch", "describe_alarms", {}, "InvalidNextToken", 400, "InvalidNextToken"),
        # json that speaks of the errors of query: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
        ("sqs", "send_message", {"QueueUrl": "http://localhost/1/q", "MessageBody": "b"},
         "AWS.SimpleQueueService.NonExistentQueue", 400, "QueueDoesNotExist"),
        # query, ec2
        ("sns", "publish", {"TopicArn": "t", "Message": "m"}, "InternalError", 500, "InternalErrorException"),
        ("iam", "list_roles", {}, "ServiceFailure", 500, "ServiceFailureException"),
        ("ec2", "describe_vpcs", {}, "RequestLimitExceeded", 503, None),
        # rest-json
        ("lambda", "invoke", {"FunctionName": "f"}, "TooManyRequestsException", 429, "TooManyRequestsException"),
        ("bedrock-runtime", "converse", TURN, "ThrottlingException", 429, "ThrottlingException"),
        ("bedrock-runtime", "converse", TURN, "ModelTimeoutException", 408, "ModelTimeoutException"),
        ("rds-data", "execute_statement", STATEMENT, "DatabaseUnavailableException", 504,
         "DatabaseUnavailableException"),
        # rest-xml
        ("s3", "put_object", {**BUCKET, "Key": "k", "Body": b"x" * 100_000}, "SlowDown", 503, None),
        ("s3", "get_object", {**BUCKET, "Key": "k"}, "NoSuchKey", 404, "NoSuchKey"),
    ],
)  # fmt: skip
def test_an_error_arrives_as_the_service_would_send_it(
    client: Any, fault: Any, service: str, method: str, arguments: Any, code: str, status: int, exception: str | None
) -> None:
    asked = client(service)
    operation = asked.meta.method_to_api_mapping[method]
    added = fault(f"{service}.{operation}", code)
    with pytest.raises(ClientError, match=f"Fault {added['id']} of the local cloud") as caught:
        getattr(asked, method)(**arguments)
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert caught.value.response["ResponseMetadata"]["RequestId"]
    if exception:
        assert isinstance(caught.value, getattr(asked.exceptions, exception))


def test_a_head_request_has_a_status_and_no_body(client: Any, fault: Any) -> None:
    fault("s3.HeadObject", "ServiceUnavailable")
    with pytest.raises(ClientError) as caught:
        client("s3").head_object(**BUCKET, Key="k")
    assert caught.value.response["Error"]["Code"] == "503"


def test_before_the_call_nothing_is_done_and_after_it_only_the_answer_is_lost(client: Any, fault: Any) -> None:
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="faults-before-and-after")["QueueUrl"]

    def depth() -> str:
        names = ["ApproximateNumberOfMessages"]
        return str(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"][names[0]])

    for after, expected in ((False, "0"), (True, "1")):
        fault("sqs.SendMessage", "InternalFailure", times=1, after=after)
        with pytest.raises(ClientError, match="after the call" if after else "instead of the call"):
            sqs.send_message(QueueUrl=url, MessageBody="hello")
        assert depth() == expected
    sqs.send_message(QueueUrl=url, MessageBody="hello")
    assert depth() == "2"


def test_a_client_that_retries_gets_through_a_fault_of_two_times(client: Any, fault: Any, local_cloud: Any) -> None:
    # https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html: standard retries throttling
    fault("dynamodb.*", "ThrottlingException", times=2)
    answer = client("dynamodb", attempts=3).list_tables()
    assert answer["ResponseMetadata"]["RetryAttempts"] == 2
    (listed,) = remote.ask(local_cloud.state, "GET", "faults")
    assert (listed["seen"], listed["hit"], listed["operation"]) == (3, 2, "*")


def test_a_seed_repeats_the_choice_and_the_rate_is_its_share(local_cloud: Any, client: Any, fault: Any) -> None:
    ssm = client("ssm")

    def fails() -> bool:
        try:
            ssm.describe_parameters()
        except ClientError:
            return True
        return False

    runs = []
    for _ in range(2):
        added = fault("ssm.DescribeParameters", "InternalServerError", rate=0.3, seed=7)
        runs.append([fails() for _ in range(60)])
        remote.ask(local_cloud.state, "DELETE", f"faults/{added['id']}")
    assert runs[0] == runs[1]
    assert 9 <= sum(runs[0]) <= 27
    assert not fails()


def test_latency_alone_delays_a_call_that_works(client: Any, fault: Any) -> None:
    fault("sts.GetCallerIdentity", latency_seconds=0.4)
    began = time.monotonic()
    assert client("sts").get_caller_identity()["Account"] == "123456789012"
    assert time.monotonic() - began >= 0.4


def test_other_operations_and_the_local_clouds_own_calls_are_spared(client: Any, fault: Any, local_cloud: Any) -> None:
    fault("sqs.CreateQueue", "InternalFailure")
    local_cloud.deploy(Spared={"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})
    assert any("Spared" in url for url in client("sqs").list_queues()["QueueUrls"])
    local_cloud.remove("Spared")


@pytest.mark.parametrize(
    ("operation", "settings", "words"),
    [
        ("dynamo.PutItem", {"error": "ThrottlingException"}, r"unknown service 'dynamo' \(did you mean dynamodb"),
        ("dynamodb.PutItm", {"error": "ThrottlingException"}, r"has no operation 'PutItm' \(did you mean PutItem"),
        ("dynamodb.put-item", {"error": "ThrottlingException"}, "did you mean PutItem"),
        (
            "dynamodb.PutItem",
            {"error": "ThrotlingException"},
            r"did you mean ThrottlingException.*model declares: Cond",
        ),
        ("lambda.Invoke", {"error": "SlowDown"}, "never answers 'SlowDown'"),
        ("dynamodb", {"error": "ThrottlingException"}, "has no operation ''"),
        ("dynamodb.PutItem", {}, "needs an error, a latency or both"),
        ("dynamodb.PutItem", {"latency_seconds": 1, "after": True}, "what else would be lost"),
        ("dynamodb.PutItem", {"error": "ThrottlingException", "rate": 20}, "rate 20 is no share"),
        ("dynamodb.PutItem", {"error": "ThrottlingException", "times": 0}, "times 0"),
        ("dynamodb.PutItem", {"latency_seconds": 1e9}, "not between 0 and 900"),
    ],
)
def test_what_aws_could_never_answer_is_refused(fault: Any, operation: str, settings: Any, words: str) -> None:
    with pytest.raises(RefusedRequestError, match=words):
        fault(operation, **settings)


def test_an_unknown_fault_and_an_unknown_method_are_named(local_cloud: Any) -> None:
    url = local_cloud.place.endpoint_url
    with pytest.raises(LocalCloudError, match="there is no fault 'f99999'; in force: none"):
        remote.ask(local_cloud.state, "DELETE", "faults/f99999")
    key = json.loads((local_cloud.state / "daemon.json").read_text())["key"]
    request = urllib.request.Request(f"{url}/_slipway/faults", b"{}", {remote.KEY_HEADER: key}, method="PUT")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    assert caught.value.code == 405
    assert "does not take PUT" in json.load(caught.value)["message"]


@pytest.mark.parametrize("path", ["shutdown", "configure", "deploy", "delete", "permissions", "status", "faults"])
@pytest.mark.parametrize("key", [None, "made up"])
def test_nobody_without_the_key_of_the_state_folder_may_steer_the_local_cloud(
    local_cloud: Any, path: str, key: str | None
) -> None:
    """Functions know the address, as Lambda's reserved variables have it, and are told no key."""
    assert (local_cloud.state / "daemon.json").stat().st_mode & 0o777 == 0o600
    for method in ("GET", "POST", "DELETE"):
        request = urllib.request.Request(
            f"{local_cloud.place.endpoint_url}/_slipway/{path}", b"{}", {remote.KEY_HEADER: key} if key else {},
            method=method,
        )  # fmt: skip
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request)
        assert (caught.value.code, "daemon.json" in json.load(caught.value)["message"]) == (403, True)
    assert remote.ask(local_cloud.state, "GET", "health")["state"] == "running"
