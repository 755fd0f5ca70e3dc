"""An inference component sleeps and is woken by a request, from the templates of the platform's own construct.

Sources: https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-zero-instances.html,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from support.endpoints import IMAGE, ROLE, SERVE, Serving, alarm
from support.waiting import wait_for

pytestmark = pytest.mark.slow


@pytest.fixture
def serving(local_cloud: Any) -> Iterator[Serving]:
    made = Serving(local_cloud.place, f"asleep-{uuid.uuid4().hex[:8]}")
    yield made
    made.close()


def template(bucket: str, name: str, version: int, status: int = 200) -> dict[str, Any]:
    """What the construct makes of an endpoint that sleeps, with shorter waits."""
    source = {"S3Uri": f"s3://{bucket}/{name}-{version}/", "S3DataType": "S3Prefix", "CompressionType": "None"}
    container = {"Image": IMAGE, "ModelDataSource": {"S3DataSource": source}}
    scaling = {"Status": "ENABLED", "MinInstanceCount": 0, "MaxInstanceCount": 2}
    main = {
        "VariantName": "main",
        "InstanceType": "ml.g6.xlarge",
        "InitialInstanceCount": 1,
        "ManagedInstanceScaling": scaling,
    }
    errors = {
        "Namespace": "AWS/SageMaker", "MetricName": "Invocation5XXErrors", "Statistic": "Average", "Period": 60,
        "Dimensions": [{"Name": "InferenceComponentName", "Value": name}], "EvaluationPeriods": 1, "Threshold": 0.01,
        "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching",
    }  # fmt: skip
    wake = errors | {
        "MetricName": "NoCapacityInvocationFailures", "Statistic": "Maximum", "Period": 10, "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold", "TreatMissingData": "missing",
        "AlarmActions": [{"Ref": "Wake"}],
    }  # fmt: skip
    batch = {"MaximumBatchSize": {"Type": "COPY_COUNT", "Value": 1}, "WaitIntervalInSeconds": 1}
    component = {
        "EndpointName": name, "InferenceComponentName": name, "VariantName": "main", "RuntimeConfig": {"CopyCount": 0},
        "Specification": {
            "ModelName": {"Fn::GetAtt": ["Model", "ModelName"]},
            "ComputeResourceRequirements": {"NumberOfAcceleratorDevicesRequired": 1, "MinMemoryRequiredInMb": 1024},
        },
        "DeploymentConfig": {
            "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": {"Ref": "Errors"}}]}, "RollingUpdatePolicy": batch,
        },
    }  # fmt: skip
    target = {
        "ServiceNamespace": "sagemaker", "ScalableDimension": "sagemaker:inference-component:DesiredCopyCount",
        "ResourceId": f"inference-component/{name}", "MinCapacity": 0, "MaxCapacity": 2,
    }  # fmt: skip
    tracking = {
        "PredefinedMetricSpecification": {
            "PredefinedMetricType": "SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution"
        },
        "TargetValue": 1, "ScaleInCooldown": 3,
    }  # fmt: skip
    step = {
        "AdjustmentType": "ChangeInCapacity", "MetricAggregationType": "Maximum", "Cooldown": 60,
        "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
    }  # fmt: skip
    by_target = {"ScalingTargetId": {"Fn::GetAtt": ["Target", "Id"]}}
    config = {"ProductionVariants": [main], "ExecutionRoleArn": ROLE}
    endpoint = {"EndpointName": name, "EndpointConfigName": {"Fn::GetAtt": ["Config", "EndpointConfigName"]}}
    policy = "AWS::ApplicationAutoScaling::ScalingPolicy"
    return {
        "Resources": {
            "Model": resource("AWS::SageMaker::Model", {"PrimaryContainer": container, "ExecutionRoleArn": ROLE}),
            "Config": resource("AWS::SageMaker::EndpointConfig", config),
            "Endpoint": resource("AWS::SageMaker::Endpoint", endpoint),
            "Errors": resource("AWS::CloudWatch::Alarm", errors),
            "Component": resource("AWS::SageMaker::InferenceComponent", component, "Endpoint"),
            "Target": resource("AWS::ApplicationAutoScaling::ScalableTarget", target, "Component"),
            "Tracking": resource(
                policy,
                {
                    "PolicyName": f"{name}-track", "PolicyType": "TargetTrackingScaling", **by_target,
                    "TargetTrackingScalingPolicyConfiguration": tracking,
                },
            ),
            "Wake": resource(
                policy,
                {
                    "PolicyName": f"{name}-wake", "PolicyType": "StepScaling", **by_target,
                    "StepScalingPolicyConfiguration": step,
                },
            ),
            "Asleep": resource("AWS::CloudWatch::Alarm", wake),
        }
    }  # fmt: skip


def resource(kind: str, properties: dict[str, Any], after: str = "") -> dict[str, Any]:
    return {"Type": kind, "Properties": properties} | ({"DependsOn": after} if after else {})


def put(serving: Serving, folder: str, **about: Any) -> None:
    for key, text in {"serve.py": SERVE, "about.json": json.dumps({"name": folder, **about})}.items():
        serving.s3.put_object(Bucket=serving.bucket, Key=f"{folder}/{key}", Body=text.encode())


@pytest.mark.capability("S3")
@pytest.mark.capability("S4")
def test_it_sleeps_wakes_grows_sleeps_again_and_takes_no_bad_model(serving: Serving, local_cloud: Any) -> None:
    put(serving, "nap-1", seconds=0.3)
    put(serving, "nap-2", status=500)
    local_cloud.deploy(Nap=template(serving.bucket, "nap", 1))
    here = {"InferenceComponentName": "nap"}

    def copies() -> int:
        found = serving.sagemaker.describe_inference_component(**here)
        return int(found["RuntimeConfig"]["CurrentCopyCount"])

    assert copies() == 0
    with pytest.raises(ClientError, match="has no capacity") as asleep:
        serving.ask("nap", **here)
    assert asleep.value.response["Error"]["Code"] == "ValidationError"
    assert wait_for(lambda: copies() == 1, seconds=120), "the alarm wakes it"
    assert serving.ask("nap", **here) == ("main", {"by": "nap-1"})

    grown = False
    with ThreadPoolExecutor(6) as pool:
        for _ in range(400):
            list(pool.map(lambda _: serving.ask("nap", **here), range(6)))
            if grown := copies() == 2:
                break
    assert grown, "more requests at once than the goal of one for each copy"

    with pytest.raises(Exception, match="roll"):
        threaded_update(serving, local_cloud, template(serving.bucket, "nap", 2), here)
    assert serving.ask("nap", **here) == ("main", {"by": "nap-1"})
    assert wait_for(lambda: copies() == 0, seconds=180), "nobody asks any more"
    local_cloud.remove("Nap")
    with pytest.raises(ClientError, match="Could not find endpoint"):
        serving.describe("nap")


def threaded_update(serving: Serving, local_cloud: Any, changed: dict[str, Any], here: dict[str, str]) -> None:
    """Deploy while people ask, so that the alarm has something to judge."""
    with ThreadPoolExecutor(1) as pool:
        deployment = pool.submit(local_cloud.deploy, Nap=changed)
        while not deployment.done():
            try:
                serving.ask("nap", **here)
            except ClientError as error:
                assert error.response["Error"]["Code"] == "ModelError"
        deployment.result()


@pytest.mark.capability("O2")
def test_an_alarm_is_raised_told_and_gone_by_itself(serving: Serving) -> None:
    cloudwatch, sns, sqs = (serving.place.client(name) for name in ("cloudwatch", "sns", "sqs"))
    topic = sns.create_topic(Name="alarmed")["TopicArn"]
    queue = sqs.create_queue(QueueName="alarmed")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    dimensions = {"EndpointName": "told"}
    told = {"Statistic": "Sum", "Threshold": 2, "Period": 10, "AlarmActions": [topic], "OKActions": [topic]}
    alarm(serving.place, "told", "Invocation5XXErrors", dimensions, **told)

    def state() -> str:
        return str(cloudwatch.describe_alarms(AlarmNames=["told"])["MetricAlarms"][0]["StateValue"])

    named = [{"Name": "EndpointName", "Value": "told"}]
    data = [{"MetricName": "Invocation5XXErrors", "Value": 1.0, "Dimensions": named} for _ in range(3)]
    cloudwatch.put_metric_data(Namespace="AWS/SageMaker", MetricData=data)

    assert wait_for(lambda: state() == "ALARM", seconds=10)
    assert wait_for(lambda: state() == "OK", seconds=30), "the values are older than the period"
    received: list[str] = []

    def both() -> bool:
        for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            received.append(json.loads(json.loads(message["Body"])["Message"])["NewStateValue"])
        return sorted(received) == ["ALARM", "OK"]

    assert wait_for(both)
