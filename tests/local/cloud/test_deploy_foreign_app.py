"""A CDK app that has nothing of ours: deployed by both paths, run, updated, broken and destroyed.

Expectations: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
and https://docs.aws.amazon.com/cdk/v2/guide/ref-cli-cmd-deploy.html
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_dynamodb, aws_iam, aws_lambda_event_sources, aws_s3, aws_sqs, aws_ssm
from aws_cdk import aws_lambda as lambda_

from slipway_cli import cdk as cdk_cli
from slipway_cli.errors import CommandError
from slipway_cli.project import Project
from slipway_local import cloud
from slipway_local.aws import Place

pytestmark = pytest.mark.capability("O14")
ROOT = Path(__file__).resolve().parents[3]
CONSUMER = """
import os, boto3
def handler(event, context):
    for record in event["Records"]:
        boto3.client("dynamodb").put_item(
            TableName=os.environ["TABLE"], Item={"id": {"S": record["body"]}, "by": {"S": os.environ["GREETING"]}})
"""
SETTER = """
import json, urllib.request
def handler(event, context):
    wanted = event["ResourceProperties"]
    failing = wanted.get("Fail") == "true" and event["RequestType"] != "Delete"
    body = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")} | {
        "Status": "FAILED" if failing else "SUCCESS", "Reason": "told to fail", "PhysicalResourceId": "setting",
        "Data": {"Doubled": wanted["Value"] * 2}}
    urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], json.dumps(body).encode(), method="PUT"))
"""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What one version of the app looks like."""

    greeting: str = "hello"
    queue_name: str = "foreign-one"
    fail: bool = False
    delay_seconds: str | int = 0
    extra: dict[str, Any] = field(default_factory=dict)


def synthesise(folder: Path, wish: Wish) -> Path:
    """Write the app's assembly: two stacks, the second of which needs the first by an export."""
    app = cdk.App(outdir=str(folder), analytics_reporting=False)
    store = cdk.Stack(app, "ForeignStore")
    table = aws_dynamodb.TableV2(
        store, "Table", removal_policy=cdk.RemovalPolicy.DESTROY,
        partition_key=aws_dynamodb.Attribute(name="id", type=aws_dynamodb.AttributeType.STRING),
    )  # fmt: skip
    aws_s3.Bucket(store, "Bucket", bucket_name="foreign-bucket", removal_policy=cdk.RemovalPolicy.DESTROY)
    stack = cdk.Stack(app, "ForeignApp")
    queue = aws_sqs.Queue(stack, "Queue", queue_name=wish.queue_name)
    queue.node.default_child.add_property_override("DelaySeconds", wish.delay_seconds)  # type: ignore[union-attr]
    consumer = _function(stack, "Consumer", CONSUMER, TABLE=table.table_name, GREETING=wish.greeting)
    consumer.add_event_source(aws_lambda_event_sources.SqsEventSource(queue, batch_size=1))
    table.grant_write_data(consumer)
    setter = _function(stack, "Setter", SETTER)
    properties = {"Value": "ab", "Fail": wish.fail}
    setting = cdk.CustomResource(stack, "Setting", service_token=setter.function_arn, properties=properties)
    aws_ssm.StringParameter(
        stack, "Parameter", parameter_name="/foreign/doubled", string_value=setting.get_att_string("Doubled")
    )
    aws_iam.Role(stack, "Reader", role_name="foreign-reader", assumed_by=aws_iam.AccountRootPrincipal())
    for name, body in wish.extra.items():
        cdk.CfnResource(stack, name, **body)
    app.synth()
    return folder


def _function(stack: cdk.Stack, name: str, code: str, **environment: str) -> lambda_.Function:
    return lambda_.Function(
        stack, name, runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler",
        code=lambda_.Code.from_inline(code.strip()), environment=environment, timeout=cdk.Duration.seconds(20),
    )  # fmt: skip


@dataclass(frozen=True)
class Foreign:
    """A local cloud of its own for the app; `direct` and `by_cdk` deploy a version of it."""

    folder: Path
    place: Place

    def direct(self, wish: Wish) -> cloud.Status:
        return cloud.up(self._assembly(wish), self.folder / "state", environment="foreign")

    def by_cdk(self, wish: Wish) -> list[str]:
        said: list[str] = []
        here = Project(root=ROOT, home=self.folder)
        where = cdk_cli.variables(self.place.endpoint_url, cloud.credentials(self.folder / "state"))
        cdk_cli.deploy(here, self._assembly(wish), where, said.append)
        return said

    def _assembly(self, wish: Wish) -> Path:
        return synthesise(self.folder / f"assembly-{abs(hash(repr(wish)))}", wish)

    def delete(self) -> None:
        client = self.place.client("cloudformation")
        for name in ("ForeignApp", "ForeignStore"):
            client.delete_stack(StackName=name)
            client.get_waiter("stack_delete_complete").wait(
                StackName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 300}
            )

    def left(self) -> list[str]:
        """What the services still hold of the app."""
        client = self.place.client
        names = [one["Name"] for one in client("s3").list_buckets()["Buckets"]]
        names += client("sqs").list_queues().get("QueueUrls", []) + client("dynamodb").list_tables()["TableNames"]
        names += [one["FunctionName"] for one in client("lambda").list_functions()["Functions"]]
        names += [one["UUID"] for one in client("lambda").list_event_source_mappings()["EventSourceMappings"]]
        names += [one["RoleName"] for one in client("iam").list_roles()["Roles"]]
        names += [one["Name"] for one in client("ssm").describe_parameters()["Parameters"]]
        return [name for name in names if "cdk-" not in name]


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foreign]:
    folder = tmp_path_factory.mktemp("foreign")
    endpoint_url = cloud.start(
        synthesise(folder / "assembly", Wish()),
        folder / "state",
        environment="foreign",
        cache=ROOT / ".slipway" / "cache",
    )
    yield Foreign(folder, Place(endpoint_url=endpoint_url))
    cloud.down(folder / "state")


def handled(local_cloud: Any, foreign: Foreign, body: str, queue: str) -> str:
    """Send a message and return who wrote it down."""
    sqs, dynamodb = foreign.place.client("sqs"), foreign.place.client("dynamodb")
    table = dynamodb.list_tables()["TableNames"][0]
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=queue)["QueueUrl"], MessageBody=body)
    key = {"id": {"S": body}}
    item = local_cloud.eventually(lambda: dynamodb.get_item(TableName=table, Key=key).get("Item"), seconds=60)
    return str(item["by"]["S"])


def test_it_runs_is_updated_in_place_and_by_replacement_and_leaves_nothing(local_cloud: Any, foreign: Foreign) -> None:
    status = foreign.direct(Wish())
    assert status.resources["recorded"] == []
    assert handled(local_cloud, foreign, "first", "foreign-one") == "hello"
    ssm = foreign.place.client("ssm")
    assert ssm.get_parameter(Name="/foreign/doubled")["Parameter"]["Value"] == "abab"

    before = foreign.left()
    foreign.direct(Wish(greeting="good evening"))  # in place
    assert sorted(foreign.left()) == sorted(before)
    assert handled(local_cloud, foreign, "second", "foreign-one") == "good evening"

    foreign.direct(Wish(greeting="good evening", queue_name="foreign-two"))  # by replacement
    assert handled(local_cloud, foreign, "third", "foreign-two") == "good evening"
    assert [url.rsplit("/", 1)[1] for url in foreign.place.client("sqs").list_queues()["QueueUrls"]] == ["foreign-two"]

    foreign.delete()
    assert foreign.left() == []


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        (Wish(delay_seconds="soon"), r"property DelaySeconds expected integer, got \"soon\""),
        (Wish(extra={"Odd": {"type": "AWS::Nothing::Such"}}), "CloudFormation knows no such resource type"),
        (Wish(extra={"Lost": {"type": "AWS::SSM::Parameter",
              "properties": {"Type": "String", "Value": {"Ref": "Nobody"}}}}), "there is no Nobody in this template"),
        (Wish(extra={"Late": {"type": "AWS::Lambda::Permission", "properties": {
              "Action": "lambda:InvokeFunction", "FunctionName": "nobody", "Principal": "sns.amazonaws.com"}}}),
         r"ForeignApp/Late \(AWS::Lambda::Permission\): .*nobody"),
        (Wish(fail=True), r"ForeignApp/Setting \(.*\): .*told to fail"),
    ],
    ids=["wrong-property", "refused-type", "missing-dependency", "missing-function", "failing-custom-resource"],
)  # fmt: skip
def test_broken_it_rolls_back_and_leaves_nothing(foreign: Foreign, wish: Wish, reason: str) -> None:
    with pytest.raises(cloud.LocalCloudError, match=reason):
        foreign.direct(wish)
    assert "ForeignApp" not in cloud.status(foreign.folder / "state").stacks
    foreign.delete()  # the store, which was deployed before the app failed
    assert foreign.left() == []


def test_broken_by_an_update_it_is_as_it_was(local_cloud: Any, foreign: Foreign) -> None:
    foreign.direct(Wish())
    before = foreign.left()
    with pytest.raises(cloud.LocalCloudError, match="told to fail"):
        foreign.direct(Wish(greeting="changed", queue_name="foreign-three", fail=True))
    assert cloud.status(foreign.folder / "state").stacks["ForeignApp"]["status"] == "UPDATE_ROLLBACK_COMPLETE"
    assert sorted(foreign.left()) == sorted(before)
    assert handled(local_cloud, foreign, "still", "foreign-one") == "hello"
    foreign.delete()
    assert foreign.left() == []


@pytest.mark.slow
def test_the_cdk_cli_and_the_direct_path_deploy_the_same_stacks(local_cloud: Any, foreign: Foreign) -> None:
    said = foreign.by_cdk(Wish())
    assert any("bootstrapped" in line for line in said)
    assert handled(local_cloud, foreign, "by-cdk", "foreign-one") == "hello"
    steps: list[str] = []
    assembly = synthesise(foreign.folder / "again", Wish())
    cloud.up(assembly, foreign.folder / "state", environment="foreign", progress=lambda s, r, what: steps.append(what))
    assert set(steps) == {"deploying"}  # nothing to do: the CDK CLI has done it

    with pytest.raises(CommandError, match="told to fail"):
        foreign.by_cdk(Wish(queue_name="foreign-four", fail=True))
    assert handled(local_cloud, foreign, "after-rollback", "foreign-one") == "hello"
    foreign.delete()
    assert foreign.left() == []
    template = foreign.place.client("cloudformation").get_template(StackName="CDKToolkit")["TemplateBody"]
    assert "BootstrapVariant" in json.dumps(template)  # the CLI's own, in place of the short one of the direct path
