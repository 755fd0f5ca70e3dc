"""A creation fails where the resource exists: nothing takes over, and later deletes, what another one made.

Source: https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-test-contract.html
"""

from typing import Any

import pytest

from slipway_local import cloud
from support.templates import parameter, template
from support.updates import FUNCTION_BASE, MACHINE_BASE, QUEUE, QUEUE_ARN, ROLE, document

pytestmark = pytest.mark.capability("O14")
ALREADY = "Resource of type '{}' with identifier '.+' already exists"
FAILING = parameter("{{resolve:ssm:/nothing-here}}", DependsOn="One")
ANYBODY = document("sqs:SendMessage", Principal="*")
TOPIC: dict[str, Any] = {"Type": "AWS::SNS::Topic"}
SUBSCRIBED = {"TopicArn": {"Ref": "Topic"}, "Protocol": "sqs", "Endpoint": QUEUE_ARN}
THRESHOLD = {
    "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "MetricName": "m", "Namespace": "n",
    "Period": 60, "Statistic": "Sum", "Threshold": 1,
}  # fmt: skip
NAMED: dict[str, dict[str, Any]] = {
    "AWS::SQS::Queue": {"QueueName": "taken"},
    "AWS::SNS::Topic": {"TopicName": "taken"},
    "AWS::Events::Rule": {"Name": "taken", "EventPattern": {"source": ["a"]}},
    "AWS::CloudWatch::Alarm": {"AlarmName": "taken", **THRESHOLD},
    "AWS::CloudWatch::Dashboard": {"DashboardName": "taken", "DashboardBody": '{"widgets": []}'},
    "AWS::StepFunctions::StateMachine": {**MACHINE_BASE, "StateMachineName": "taken"},
    "AWS::SageMaker::ModelPackageGroup": {"ModelPackageGroupName": "taken"},
    "AWS::S3::Bucket": {"BucketName": "taken-bucket"},
}
MOCK = {"Type": "MOCK", "RequestTemplates": {"application/json": '{"statusCode": 200}'}}
REST = {
    "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "taken"}},
}
OF_REST = {"RestApiId": {"Ref": "Api"}}
PUT: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "AWS::S3::BucketPolicy": (
        {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": document("s3:GetObject", Principal="*")},
        {"Bucket": {"Type": "AWS::S3::Bucket"}},
    ),
    "AWS::SNS::Subscription": (SUBSCRIBED, {"Topic": TOPIC, "Queue": QUEUE}),
    "AWS::SNS::TopicPolicy": (
        {"Topics": [{"Ref": "Topic"}], "PolicyDocument": document("sns:Publish", Principal="*")},
        {"Topic": TOPIC},
    ),
    "AWS::SQS::QueuePolicy": ({"Queues": [{"Ref": "Queue"}], "PolicyDocument": ANYBODY}, {"Queue": QUEUE}),
    "AWS::Lambda::EventInvokeConfig": (
        {"FunctionName": {"Ref": "Fn"}, "Qualifier": "$LATEST", "MaximumRetryAttempts": 1},
        {"Fn": {"Type": "AWS::Lambda::Function", "Properties": FUNCTION_BASE}, "Role": ROLE},
    ),
    "AWS::IAM::Policy": (
        {"PolicyName": "taken", "PolicyDocument": document("s3:GetObject"), "Roles": [{"Ref": "Role"}]},
        {"Role": ROLE},
    ),
    "AWS::ApiGateway::GatewayResponse": ({**OF_REST, "ResponseType": "DEFAULT_4XX", "StatusCode": "418"}, REST),
    "AWS::ApiGateway::Method": (
        {**OF_REST, "ResourceId": {"Fn::GetAtt": ["Api", "RootResourceId"]}, "HttpMethod": "GET", "Integration": MOCK,
         "AuthorizationType": "NONE"},
        REST,
    ),
}  # fmt: skip


def _body(kind: str, properties: dict[str, Any], logical_id: str = "One", **beside: Any) -> dict[str, Any]:
    body = template(**{logical_id: {"Type": kind, "Properties": properties}}, **beside)
    return {**body, "Outputs": {"Ref": {"Value": {"Ref": logical_id}}}}


@pytest.mark.parametrize("kind", NAMED)
def test_a_name_that_another_stack_has_is_refused(local_cloud: Any, kind: str) -> None:
    beside = {"Role": ROLE} if "Role" in str(NAMED[kind]) else {}
    local_cloud.deploy(TakenFirst=_body(kind, NAMED[kind], **beside))
    try:
        with pytest.raises(cloud.LocalCloudError, match=ALREADY.format(kind)):
            local_cloud.deploy(TakenSecond=_body(kind, NAMED[kind], **beside))
        with pytest.raises(cloud.LocalCloudError, match=ALREADY.format(kind)):
            local_cloud.deploy(TakenFirst=_body(kind, NAMED[kind], "Renamed", **beside))
    finally:
        local_cloud.remove("TakenFirst")


def test_a_stack_that_fails_leaves_the_queue_of_another_one_with_its_messages(local_cloud: Any) -> None:
    sqs = local_cloud.place.client("sqs")
    named = NAMED["AWS::SQS::Queue"]
    status = local_cloud.deploy(TakenFirst=_body("AWS::SQS::Queue", named))
    url = local_cloud.outputs(status, "TakenFirst")["Ref"]
    sqs.send_message(QueueUrl=url, MessageBody="precious")
    for wrong in ({"TakenSecond": _body("AWS::SQS::Queue", named, Failing=FAILING)},
                  {"TakenFirst": _body("AWS::SQS::Queue", named, "Renamed")}):  # fmt: skip
        with pytest.raises(cloud.LocalCloudError, match=ALREADY.format("AWS::SQS::Queue")):
            local_cloud.deploy(**wrong)
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert message["Body"] == "precious"
    local_cloud.remove("TakenFirst")


def test_two_queues_cannot_swap_their_names(local_cloud: Any) -> None:
    def two(first: str, second: str) -> dict[str, Any]:
        return template(
            One={"Type": "AWS::SQS::Queue", "Properties": {"QueueName": first}},
            Two={"Type": "AWS::SQS::Queue", "Properties": {"QueueName": second}},
        )

    local_cloud.deploy(TakenFirst=two("taken-a", "taken-b"))
    with pytest.raises(cloud.LocalCloudError, match=ALREADY.format("AWS::SQS::Queue")):
        local_cloud.deploy(TakenFirst=two("taken-b", "taken-a"))
    urls = local_cloud.place.client("sqs").list_queues(QueueNamePrefix="taken-")["QueueUrls"]
    assert {url.rsplit("/", 1)[-1] for url in urls} == {"taken-a", "taken-b"}
    local_cloud.remove("TakenFirst")


@pytest.mark.parametrize("kind", PUT)
def test_what_a_put_makes_does_not_vanish_with_its_logical_id(local_cloud: Any, kind: str) -> None:
    """A clean-up after an update deletes what left the template: the old logical id would take the new one along."""
    properties, beside = PUT[kind]
    local_cloud.deploy(TakenFirst=_body(kind, properties, **beside))
    try:
        with pytest.raises(cloud.LocalCloudError, match=ALREADY.format(kind)):
            local_cloud.deploy(TakenFirst=_body(kind, properties, "Renamed", **beside))
        after = {k: v for k, v in local_cloud.deploy().stacks["TakenFirst"].items() if k == "status"}
        assert after == {"status": "UPDATE_ROLLBACK_COMPLETE"}
    finally:
        local_cloud.remove("TakenFirst")


def test_a_cluster_of_another_stack_keeps_its_database(local_cloud: Any) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBCluster.html (AlreadyExists)"""
    properties = {
        "DBClusterIdentifier": "taken-db", "Engine": "aurora-postgresql", "MasterUsername": "postgres",
        "MasterUserPassword": "secretsecret", "DatabaseName": "app", "EnableHttpEndpoint": True,
    }  # fmt: skip
    secret = {
        "Type": "AWS::SecretsManager::Secret",
        "Properties": {"SecretString": '{"username": "postgres", "password": "secretsecret"}'},
    }
    body = _body("AWS::RDS::DBCluster", properties, Secret=secret)
    body["Outputs"] = {
        "Arn": {"Value": {"Fn::GetAtt": ["One", "DBClusterArn"]}},
        "Secret": {"Value": {"Ref": "Secret"}},
    }
    known = local_cloud.outputs(local_cloud.deploy(TakenFirst=body), "TakenFirst")

    def execute(statement: str) -> Any:
        return local_cloud.place.client("rds-data").execute_statement(
            resourceArn=known["Arn"], secretArn=known["Secret"], database="app", sql=statement
        )

    execute("CREATE TABLE kept AS SELECT 7 AS answer")
    with pytest.raises(cloud.LocalCloudError, match=ALREADY.format("AWS::RDS::DBCluster")):
        local_cloud.deploy(TakenSecond=_body("AWS::RDS::DBCluster", properties))
    assert execute("SELECT answer FROM kept")["records"] == [[{"longValue": 7}]]
    local_cloud.remove("TakenFirst")
