"""Faults of endpoints on SageMaker, and services that are closed."""

from support.planted import CHANGES, ERROR, EXAMPLES, GITHUB, WARNING, Plant, Trial

VARIANT = {"VariantName": "all", "ModelName": "m", "InstanceType": "ml.g5.xlarge", "InitialInstanceCount": 1}


def zero_without_components(trial: Trial) -> None:
    scaling = {"Status": "ENABLED", "MinInstanceCount": 0, "MaxInstanceCount": 2}
    variant = VARIANT | {"ManagedInstanceScaling": scaling}
    trial.add("AWS::SageMaker::EndpointConfig", ProductionVariants=[variant], ExecutionRoleArn="arn:aws:iam::1:role/r")


def zero_without_role(trial: Trial) -> None:
    scaling = {"Status": "ENABLED", "MinInstanceCount": 0, "MaxInstanceCount": 2}
    variant = {"VariantName": "all", "InstanceType": "ml.g5.xlarge", "ManagedInstanceScaling": scaling}
    trial.add("AWS::SageMaker::EndpointConfig", ProductionVariants=[variant])


def instance_of_other_regions(trial: Trial) -> None:
    trial.region = "us-west-1"
    variant = VARIANT | {"InstanceType": "ml.inf2.8xlarge"}
    trial.add("AWS::SageMaker::EndpointConfig", ProductionVariants=[variant])


def canary(trial: Trial) -> None:
    size = {"Type": "CAPACITY_PERCENT", "Value": 60}
    routing = {"Type": "CANARY", "WaitIntervalInSeconds": 60, "CanarySize": size}
    rollback = {"Alarms": [{"AlarmName": "latency"}]}
    policy = {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing}, "AutoRollbackConfiguration": rollback}
    trial.add("AWS::SageMaker::Endpoint", EndpointConfigName="c", DeploymentConfig=policy)


def no_rollback(trial: Trial) -> None:
    routing = {"Type": "ALL_AT_ONCE"}
    policy = {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing}}
    trial.add("AWS::SageMaker::Endpoint", EndpointConfigName="c", DeploymentConfig=policy)


def image(trial: Trial) -> None:
    trial.region = "eu-south-1"
    where = "763104351884.dkr.ecr.eu-south-1.amazonaws.com/djl-inference:0.38.0-lmi29.0.0-cu130"
    trial.add("AWS::SageMaker::Model", PrimaryContainer={"Image": where}, ExecutionRoleArn="r" * 20)


def image_of_other_region(trial: Trial) -> None:
    where = "763104351884.dkr.ecr.eu-west-1.amazonaws.com/djl-inference:0.38.0-lmi29.0.0-cu130"
    trial.add("AWS::SageMaker::Model", PrimaryContainer={"Image": where}, ExecutionRoleArn="r" * 20)


def fixed_name(trial: Trial) -> None:
    trial.add("AWS::SageMaker::EndpointConfig", EndpointConfigName="chat", ProductionVariants=[VARIANT])


def model_monitor(trial: Trial) -> None:
    output = {"S3OutputPath": "s3://b", "LocalPath": "/opt", "S3UploadMode": "EndOfJob"}
    configuration = {"MonitoringType": "DataQuality", "MonitoringJobDefinitionName": "j", "Output": output}
    trial.add("AWS::SageMaker::MonitoringSchedule", MonitoringScheduleName="m", MonitoringScheduleConfig=configuration)


HOSTING: list[Plant] = [
    (
        zero_without_components,
        "scale-to-zero",
        ERROR,
        "gateway",
        f"{GITHUB}/hashicorp/terraform-provider-aws/issues/40606",
    ),
    (zero_without_role, "scale-to-zero", ERROR, "gateway", f"{GITHUB}/stdapi-ai/stdapi.ai/issues/43"),
    (instance_of_other_regions, "instance-region", ERROR, "gateway", f"{EXAMPLES}/issues/4128"),
    (canary, "rollout", ERROR, "gateway", f"{EXAMPLES}/pull/3019"),
    (no_rollback, "rollout", WARNING, "gateway", f"{GITHUB}/aws/aws-cdk/issues/23152"),
    (image, "image", ERROR, "gateway", f"{GITHUB}/aws-samples/aws-sagemaker-build/issues/28"),
    (image_of_other_region, "image", ERROR, "gateway", f"{GITHUB}/aws-samples/mlops-amazon-sagemaker/issues/9"),
    (fixed_name, "fixed-name", ERROR, "gateway", f"{GITHUB}/hashicorp/terraform-provider-aws/issues/21811"),
    (model_monitor, "closed-service", WARNING, "gateway", CHANGES),
]
