"""What a local cloud holds is there again after stop and start, through boto3 as a user sees it."""

import json
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from slipway_local import cloud
from slipway_local.aws import Place
from support.surviving import template
from support.trial import CACHE

pytestmark = pytest.mark.capability("O14")


class Own:
    """A local cloud of its own, which can be stopped and started again."""

    def __init__(self, folder: Path, local_cloud: Any) -> None:
        (folder / "assembly").mkdir()
        self.local = type(local_cloud)(folder / "state", Place(endpoint_url=""), folder / "assembly")
        self.state = self.local.state
        self.template = template(local_cloud)
        self.told: list[str] = []
        self.up()

    def up(self) -> None:
        self.told.clear()
        if not list(self.local.folder.glob("One.*")):
            self.local.deploy(One=self.template)
        self.status = cloud.up(self.local.folder, self.state, environment="test", progress=self._tell, cache=CACHE)
        self.place = Place(endpoint_url=self.status.endpoint_url)
        self.names = self.local.outputs(self.status, "One")

    def _tell(self, stack: str, logical_id: str, what: str) -> None:
        self.told.append(f"{what} {stack} {logical_id}")

    def client(self, service: str) -> Any:
        return self.place.client(service)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, local_cloud: Any) -> Iterator[Own]:
    folder = tmp_path_factory.mktemp("own")
    own = Own(folder, local_cloud)
    yield own
    cloud.down(own.state)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def views(own: Own) -> dict[str, Callable[[], Any]]:
    """How to look at something of each service, which this makes."""
    return {**objects(own), **items(own), **messages(own), **functions(own), **keys(own), **others(own)}


@pytest.fixture(scope="module")
def before(own: Own, views: dict[str, Callable[[], Any]]) -> Iterator[dict[str, Any]]:
    """What there was to see, and the status; the local cloud was stopped and started again after that."""
    seen = {name: look() for name, look in views.items()}
    seen["status"] = own.status
    assert cloud.down(own.state) == ""
    own.up()
    return seen


def objects(own: Own) -> dict[str, Callable[[], Any]]:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html"""
    bucket, s3 = own.names["Bucket"], own.client("s3")
    for body in (b"one", b"two" * 1_000_000):
        s3.put_object(Bucket=bucket, Key="a/b.txt", Body=body, Metadata={"who": "me"})
    s3.put_object(Bucket=bucket, Key="gone", Body=b"x")
    s3.delete_object(Bucket=bucket, Key="gone")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="parts")["UploadId"]
    s3.upload_part(Bucket=bucket, Key="parts", UploadId=upload, PartNumber=1, Body=b"part")

    def body_of_last() -> bytes:
        return bytes(own.client("s3").get_object(Bucket=bucket, Key="a/b.txt")["Body"].read())

    def stored() -> Any:
        listed = own.client("s3").list_object_versions(Bucket=bucket)
        fields = ("Key", "VersionId", "LastModified", "ETag", "IsLatest")
        return [{f: item.get(f) for f in fields} for item in [*listed["Versions"], *listed["DeleteMarkers"]]]

    return {
        "versions": stored,
        "body": body_of_last,
        "metadata": lambda: own.client("s3").head_object(Bucket=bucket, Key="a/b.txt")["Metadata"],
        "parts": lambda: own.client("s3").list_parts(Bucket=bucket, Key="parts", UploadId=upload)["Parts"],
    }


def items(own: Own) -> dict[str, Callable[[], Any]]:
    table = own.names["Table"]
    for number in range(50):
        value = {"n": {"N": "1.5"}, "b": {"B": b"\0\1"}, "m": {"M": {"l": {"L": [{"S": "x"}]}}}}
        own.client("dynamodb").put_item(TableName=table, Item={"id": {"S": str(number)}, **value})

    def stream() -> Any:
        streams = own.client("dynamodbstreams")
        arn = streams.list_streams(TableName=table)["Streams"][0]["StreamArn"]
        shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
        at = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
        records = streams.get_records(ShardIterator=at["ShardIterator"])["Records"]
        return [record["dynamodb"]["SequenceNumber"] for record in records]

    return {"items": lambda: own.client("dynamodb").scan(TableName=table)["Items"], "stream": stream}


def messages(own: Own) -> dict[str, Callable[[], Any]]:
    for body in ("received", "waiting"):
        own.client("sqs").send_message(QueueUrl=own.names["Waiting"], MessageBody=body)
    assert own.client("sqs").receive_message(QueueUrl=own.names["Waiting"])["Messages"]
    return {"queues": lambda: own.client("sqs").list_queues()["QueueUrls"]}


def functions(own: Own) -> dict[str, Callable[[], Any]]:
    (mapping,) = own.client("lambda").list_event_source_mappings(FunctionName=own.names["Worker"])[
        "EventSourceMappings"
    ]
    own.client("lambda").update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    own.client("sqs").send_message(QueueUrl=own.names["Jobs"], MessageBody=own.names["Bucket"])
    name = own.names["Worker"]
    return {
        "function": lambda: own.client("lambda").get_function_configuration(FunctionName=name)["CodeSha256"],
        "mapping": lambda: own.client("lambda").get_event_source_mapping(UUID=mapping["UUID"])["UUID"],
    }


def keys(own: Own) -> dict[str, Callable[[], Any]]:
    kms = own.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    sealed = kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
    pairs = {
        name: kms.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        for name, spec in (("kms rsa", "RSA_2048"), ("kms curve", "ECC_NIST_P256"))
    }

    def public(name: str) -> Callable[[], Any]:
        return lambda: own.client("kms").get_public_key(KeyId=pairs[name])["PublicKey"]

    opened = {"kms": lambda: own.client("kms").decrypt(CiphertextBlob=sealed)["Plaintext"]}
    return opened | {name: public(name) for name in pairs}


def others(own: Own) -> dict[str, Callable[[], Any]]:
    """Make one of each in services that no stack here uses, and return how to look at it."""
    cognito, sfn = own.client("cognito-idp"), own.client("stepfunctions")
    pool = cognito.create_user_pool(PoolName="people")["UserPool"]["Id"]
    cognito.admin_create_user(UserPoolId=pool, Username="somebody")
    own.client("secretsmanager").create_secret(Name="s", SecretString="hidden")
    topic = own.client("sns").create_topic(Name="t")["TopicArn"]
    own.client("logs").create_log_group(logGroupName="/g")
    own.client("events").put_rule(Name="r", EventPattern=json.dumps({"source": ["x"]}))
    api = own.client("apigateway").create_rest_api(name="a")["id"]
    http = own.client("apigatewayv2").create_api(Name="h", ProtocolType="HTTP")["ApiId"]
    own.client("iam").create_user(UserName="u")
    own.client("scheduler").create_schedule_group(Name="g")
    own.client("cloudwatch").put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", "Value": 1.0}])
    vpc = own.client("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    vectors, index = own.client("s3vectors"), {"vectorBucketName": "vectors", "indexName": "kept"}
    vectors.create_vector_bucket(vectorBucketName="vectors")
    vectors.create_index(**index, dataType="float32", dimension=2, distanceMetric="cosine")
    vectors.put_vectors(**index, vectors=[{"key": "v", "data": {"float32": [1, 2]}, "metadata": {"page": 1}}])
    definition = json.dumps({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}})
    role = "arn:aws:iam::123456789012:role/r"
    machine = sfn.create_state_machine(name="m", definition=definition, roleArn=role)["stateMachineArn"]
    run = sfn.start_execution(stateMachineArn=machine, input='{"a": 1}')["executionArn"]
    return {
        "cognito": lambda: own.client("cognito-idp").list_users(UserPoolId=pool)["Users"],
        "secret": lambda: own.client("secretsmanager").get_secret_value(SecretId="s")["SecretString"],
        "sns": lambda: own.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"],
        "logs": lambda: own.client("logs").describe_log_groups(logGroupNamePrefix="/g")["logGroups"],
        "events": lambda: own.client("events").describe_rule(Name="r")["EventPattern"],
        "rest": lambda: own.client("apigateway").get_rest_api(restApiId=api)["createdDate"],
        "http": lambda: own.client("apigatewayv2").get_api(ApiId=http)["Name"],
        "iam": lambda: own.client("iam").get_user(UserName="u")["User"],
        "scheduler": lambda: own.client("scheduler").get_schedule_group(Name="g")["CreationDate"],
        "cloudwatch": lambda: own.client("cloudwatch").list_metrics(Namespace="n")["Metrics"],
        "ec2": lambda: own.client("ec2").describe_vpcs(VpcIds=[vpc])["Vpcs"],
        "vectors": lambda: own.client("s3vectors").list_vectors(**index, returnData=True)["vectors"],
        "machine": lambda: own.client("stepfunctions").describe_state_machine(stateMachineArn=machine)["definition"],
        "execution": lambda: own.client("stepfunctions").describe_execution(executionArn=run)["startDate"],
    }


VIEWS = (
    *("versions", "body", "metadata", "parts", "items", "stream", "queues", "function", "mapping"),
    *("kms", "kms rsa", "kms curve", "cognito", "secret", "sns", "logs", "events", "rest", "http", "iam"),
    *("scheduler", "cloudwatch", "ec2", "vectors", "machine", "execution"),
)


@pytest.mark.parametrize("name", VIEWS)
def test_what_a_service_held_is_there_again(
    name: str, before: dict[str, Any], views: dict[str, Callable[[], Any]]
) -> None:
    assert views[name]() == before[name]
    assert set(views) == set(VIEWS)


def test_the_address_and_the_stacks_stay_and_nothing_is_deployed_again(own: Own, before: dict[str, Any]) -> None:
    was, now = before["status"], own.status
    assert (now.endpoint_url, now.stacks, now.resources) == (was.endpoint_url, was.stacks, was.resources)
    assert (now.state, now.notices) == ("running", ())
    assert [line for line in own.told if any(word in line for word in ("creating", "updating", "deleting"))] == []


def test_messages_in_flight_are_visible_again(own: Own, before: dict[str, Any]) -> None:
    found = own.client("sqs").receive_message(QueueUrl=own.names["Waiting"], MaxNumberOfMessages=10)["Messages"]
    assert sorted(message["Body"] for message in found) == ["received", "waiting"]


def test_a_mapping_polls_again_and_delivers_what_was_waiting(
    own: Own, before: dict[str, Any], views: dict[str, Callable[[], Any]]
) -> None:
    own.client("lambda").update_event_source_mapping(UUID=views["mapping"](), Enabled=True)

    def delivered() -> bool:
        listed = own.client("s3").list_objects_v2(Bucket=own.names["Bucket"], Prefix="done")
        return len(listed.get("Contents", [])) == 1

    assert own.local.eventually(delivered, seconds=60)


def test_another_port_is_everywhere_where_the_first_was(own: Own, before: dict[str, Any]) -> None:
    """Somebody else may have taken the port meanwhile; queue URLs in parameters and outputs follow."""
    cloud.down(own.state)
    port = int((own.state / "port").read_text())
    with socket.create_server(("127.0.0.1", port)):
        own.up()
    assert own.status.endpoint_url != f"http://localhost:{port}"
    value = own.client("ssm").get_parameter(Name=own.names["Url"])["Parameter"]["Value"]
    assert value.startswith(f"{own.status.endpoint_url}/")
    assert own.names["Jobs"] == value
    assert own.told
