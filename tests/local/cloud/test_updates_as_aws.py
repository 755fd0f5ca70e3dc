"""Updates that AWS refuses, ends or notices, through CloudFormation and each service's own API.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
"""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from slipway_local import cloud
from support.templates import parameter, template
from support.updates import TABLE_BASE

pytestmark = pytest.mark.capability("O14")
FAILING = parameter("{{resolve:ssm:/nothing-here}}", DependsOn="One")


def _one(kind: str, properties: dict[str, Any], **beside: Any) -> dict[str, Any]:
    body = template(**beside, One={"Type": kind, "Properties": properties})
    return {**body, "Outputs": {"Ref": {"Value": {"Ref": "One"}}}}


def test_what_no_rollback_could_take_away_is_refused_before_it_is_set(local_cloud: Any) -> None:
    def body(**more: Any) -> dict[str, Any]:
        return _one("AWS::SecretsManager::Secret", {"SecretString": "one", **more})

    arn = local_cloud.outputs(local_cloud.deploy(Undone=body()), "Undone")["Ref"]
    with pytest.raises(cloud.LocalCloudError, match=r"Description of .+ can be set but not taken away again"):
        local_cloud.deploy(Undone=body(Description="new"))
    assert "Description" not in local_cloud.place.client("secretsmanager").describe_secret(SecretId=arn)
    assert local_cloud.deploy(Undone=body()).stacks["Undone"]["status"] == "UPDATE_ROLLBACK_COMPLETE"
    local_cloud.deploy(Undone=body(SecretString="two"))
    local_cloud.remove("Undone")


def test_a_mapping_s_parallel_batches_come_and_go(local_cloud: Any) -> None:
    """https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html: the factor is 1 by default."""
    stream = {**TABLE_BASE, "StreamSpecification": {"StreamViewType": "NEW_IMAGE"}}
    beside = {
        "Role": local_cloud.role(), "Fn": local_cloud.function("def handler(event, context): pass"),
        "Table": {"Type": "AWS::DynamoDB::Table", "Properties": stream},
    }  # fmt: skip

    def body(*, failing: bool = False, **more: Any) -> dict[str, Any]:
        source = {"Fn::GetAtt": ["Table", "StreamArn"]}
        properties = {"FunctionName": {"Ref": "Fn"}, "EventSourceArn": source, "StartingPosition": "LATEST", **more}
        return _one("AWS::Lambda::EventSourceMapping", properties, **beside, **({"Bad": FAILING} if failing else {}))

    uuid = local_cloud.outputs(local_cloud.deploy(Undone=body()), "Undone")["Ref"]
    with pytest.raises(cloud.LocalCloudError, match="nothing-here"):
        local_cloud.deploy(Undone=body(ParallelizationFactor=2, failing=True))
    shown = local_cloud.place.client("lambda").get_event_source_mapping(UUID=uuid)
    assert (shown["ParallelizationFactor"], local_cloud.deploy(Undone=body()).stacks["Undone"]["status"]) == (
        1,
        "UPDATE_ROLLBACK_COMPLETE",
    )
    local_cloud.remove("Undone")


def _versions(local_cloud: Any, function: str) -> list[str]:
    every = local_cloud.place.client("lambda").list_versions_by_function(FunctionName=function)["Versions"]
    return [one["Version"] for one in every if one["Version"] != "$LATEST"]


def test_a_version_is_of_changed_code_and_vanishes_with_its_resource(local_cloud: Any) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html: numbers are not used again."""

    def body(result: int, *versions: str, failing: bool = False) -> dict[str, Any]:
        function = local_cloud.function(f"def handler(event, context): return {result}")
        version = {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "Fn"}}}
        alias = {
            "FunctionName": {"Ref": "Fn"},
            "Name": "live",
            "FunctionVersion": {"Fn::GetAtt": [versions[-1], "Version"]},
        }
        made = _one(
            "AWS::Lambda::Alias", alias, Fn=function, Role=local_cloud.role(), **dict.fromkeys(versions, version)
        )
        made["Resources"] |= {"Bad": FAILING} if failing else {}
        return {**made, "Outputs": {"Fn": {"Value": {"Ref": "Fn"}}}}

    name = local_cloud.outputs(local_cloud.deploy(Undone=body(1, "V1")), "Undone")["Fn"]
    with pytest.raises(cloud.LocalCloudError, match="nothing-here"):
        local_cloud.deploy(Undone=body(2, "V2", failing=True))
    assert _versions(local_cloud, name) == ["1"]
    local_cloud.deploy(Undone=body(2, "V2"))
    assert _versions(local_cloud, name) == ["3"]
    client = local_cloud.place.client("lambda")
    assert json.load(client.invoke(FunctionName=name, Qualifier="live")["Payload"]) == 2
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.invoke(FunctionName=name, Qualifier="1")
    with pytest.raises(cloud.LocalCloudError, match=r"A version for this Lambda function exists \( 3 \)"):
        local_cloud.deploy(Undone=body(2, "V2", "V3"))
    assert _versions(local_cloud, name) == ["3"]
    local_cloud.remove("Undone")


def test_a_model_vanishes_with_its_resource(local_cloud: Any) -> None:
    api = {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "modelled"}}
    properties = {"RestApiId": {"Ref": "Api"}, "Name": "gone", "Schema": {"type": "object"}}
    body = _one("AWS::ApiGateway::Model", properties, Api=api)
    body["Outputs"] = {"Api": {"Value": {"Ref": "Api"}}}
    known = local_cloud.outputs(local_cloud.deploy(Undone=body), "Undone")["Api"]
    local_cloud.deploy(Undone=template(Api=api))
    with pytest.raises(ClientError, match="NotFoundException"):
        local_cloud.place.client("apigateway").get_model(restApiId=known, modelName="gone")
    local_cloud.remove("Undone")


def test_one_index_comes_or_goes_in_an_update(local_cloud: Any) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html: one index per operation."""

    def body(*names: str) -> dict[str, Any]:
        keys = [{"AttributeName": name, "AttributeType": "S"} for name in names]
        indexes = [{"IndexName": name, "KeySchema": [{"AttributeName": name, "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"}} for name in names]  # fmt: skip
        own = {"AttributeDefinitions": [*TABLE_BASE["AttributeDefinitions"], *keys]}
        return _one(
            "AWS::DynamoDB::Table", {**TABLE_BASE, **own, **({"GlobalSecondaryIndexes": indexes} if names else {})}
        )

    local_cloud.deploy(Undone=body())
    with pytest.raises(cloud.LocalCloudError, match="Cannot perform more than one GSI creation or deletion"):
        local_cloud.deploy(Undone=body("aaa", "bbb"))
    local_cloud.deploy(Undone=body("aaa"))
    status = local_cloud.deploy(Undone=body("aaa", "bbb"))
    table = local_cloud.outputs(status, "Undone")["Ref"]
    shown = local_cloud.place.client("dynamodb").describe_table(TableName=table)["Table"]
    assert {one["IndexName"] for one in shown["GlobalSecondaryIndexes"]} == {"aaa", "bbb"}
    local_cloud.remove("Undone")


def test_the_data_api_needs_its_endpoint_and_the_new_password(local_cloud: Any) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.troubleshooting.html"""

    def secret(password: str) -> dict[str, Any]:
        content = json.dumps({"username": "postgres", "password": password})
        return {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": content}}

    def body(password: str, **more: Any) -> dict[str, Any]:
        properties = {"Engine": "aurora-postgresql", "MasterUsername": "postgres", "DatabaseName": "app",
                      "MasterUserPassword": password, **more}  # fmt: skip
        made = _one("AWS::RDS::DBCluster", properties, Old=secret("secretsecret"), New=secret("otherother"))
        refs = {name: {"Value": {"Ref": name}} for name in ("Old", "New")}
        return {**made, "Outputs": {**refs, "Arn": {"Value": {"Fn::GetAtt": ["One", "DBClusterArn"]}}}}

    known = local_cloud.outputs(local_cloud.deploy(Undone=body("secretsecret")), "Undone")
    client = local_cloud.place.client("rds-data")

    def answer(name: str) -> Any:
        where = {"resourceArn": known["Arn"], "secretArn": known[name], "database": "app"}
        return client.execute_statement(**where, sql="SELECT 1")["records"]

    with pytest.raises(ClientError, match="HttpEndpointNotEnabledException"):
        answer("Old")
    local_cloud.deploy(Undone=body("secretsecret", EnableHttpEndpoint=True))
    assert answer("Old") == [[{"longValue": 1}]]
    local_cloud.deploy(Undone=body("otherother", EnableHttpEndpoint=True))
    assert answer("New") == [[{"longValue": 1}]]
    with pytest.raises(ClientError, match="authentication failed"):
        answer("Old")
    local_cloud.remove("Undone")


def test_a_locked_bucket_has_versions(local_cloud: Any) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html: versioning is on with a lock."""
    body = _one("AWS::S3::Bucket", {"ObjectLockEnabled": True})
    bucket = local_cloud.outputs(local_cloud.deploy(Undone=body), "Undone")["Ref"]
    s3 = local_cloud.place.client("s3")
    lock = s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
    assert (s3.get_bucket_versioning(Bucket=bucket)["Status"], lock["ObjectLockEnabled"]) == ("Enabled", "Enabled")
    local_cloud.remove("Undone")


def test_logs_go_to_the_bucket_itself_where_no_other_one_is_named(local_cloud: Any) -> None:
    """aws-properties-s3-bucket-loggingconfiguration.html: DestinationBucketName is by default the bucket itself."""
    plain = {"OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}, "AccessControl": "LogDeliveryWrite"}
    logging = {**plain, "LoggingConfiguration": {"LogFilePrefix": "logs/"}}
    bucket = local_cloud.outputs(local_cloud.deploy(Undone=_one("AWS::S3::Bucket", logging)), "Undone")["Ref"]
    s3 = local_cloud.place.client("s3")
    assert s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"]["TargetBucket"] == bucket
    local_cloud.deploy(Undone=_one("AWS::S3::Bucket", plain))
    for one in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        s3.delete_object(Bucket=bucket, Key=one["Key"])
    local_cloud.remove("Undone")


def test_a_new_alarm_has_insufficient_data_and_an_update_leaves_its_state(local_cloud: Any) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"""
    client = local_cloud.place.client("cloudwatch")
    alarm = {"AlarmName": "unmeasured", "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1,
             "MetricName": "m", "Namespace": "n", "Period": 60, "Statistic": "Sum", "Threshold": 1,
             "TreatMissingData": "ignore"}  # fmt: skip

    def state() -> Any:
        return client.describe_alarms(AlarmNames=["unmeasured"])["MetricAlarms"][0]["StateValue"]

    client.put_metric_alarm(**alarm)
    first = state()
    client.set_alarm_state(AlarmName="unmeasured", StateValue="ALARM", StateReason="x")
    client.put_metric_alarm(**{**alarm, "Threshold": 2})
    assert (first, state()) == ("INSUFFICIENT_DATA", "ALARM")
    client.delete_alarms(AlarmNames=["unmeasured"])


def test_a_composite_alarm_can_be_deployed(local_cloud: Any) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html"""
    body = _one("AWS::CloudWatch::CompositeAlarm", {"AlarmRule": 'ALARM("other")'})
    name = local_cloud.outputs(local_cloud.deploy(Undone=body), "Undone")["Ref"]
    shown = local_cloud.place.client("cloudwatch").describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])
    assert [one["AlarmRule"] for one in shown["CompositeAlarms"]] == ['ALARM("other")']
    local_cloud.remove("Undone")


def test_the_status_names_what_was_refused(local_cloud: Any) -> None:
    function = local_cloud.function("")
    function["Properties"] |= {"PackageType": "Image", "Code": {"ImageUri": "123456789012.dkr.ecr.aws/x"}}
    for name in ("Runtime", "Handler"):
        del function["Properties"][name]
    with pytest.raises(cloud.LocalCloudError, match="container images are not emulated"):
        local_cloud.deploy(Undone=template(Role=local_cloud.role(), One=function))
    refused = cloud.status(local_cloud.state).resources["refused"]
    assert "AWS::Lambda::Function Undone/One: functions from container images are not emulated" in refused
