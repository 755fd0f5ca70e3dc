"""What a job may ask of SageMaker here; the rest is refused by name, before anything runs.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html
"""

import functools
import json
from typing import Any

JsonObject = dict[str, Any]
SOURCE, PROGRAM = "sagemaker_submit_directory", "sagemaker_program"


class UnsupportedJobError(Exception):
    """The request is malformed, or asks for something that is not emulated."""


@functools.cache
def _service() -> Any:
    import botocore.session

    return botocore.session.get_session().get_service_model("sagemaker")


def check_shape(operation: str, request: JsonObject) -> None:
    """Raise UnsupportedJobError for a request that botocore's model of the operation does not allow."""
    from botocore.validate import ParamValidator

    shape = _service().operation_model(operation).input_shape
    problems = ParamValidator().validate(request, shape)
    if problems.has_errors():
        raise UnsupportedJobError(f"{operation}: {problems.generate_report()}")
    if unknown := sorted(set(request) - set(shape.members)):
        raise UnsupportedJobError(f"{operation} has no member {', '.join(unknown)}")


def hyperparameters(request: JsonObject) -> JsonObject:
    """Return the hyperparameters as the container's toolkit reads them: each is JSON, or else a string."""
    return {name: _decoded(value) for name, value in (request.get("HyperParameters") or {}).items()}


def _decoded(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def check_training(request: JsonObject) -> None:
    """Raise UnsupportedJobError for what a training job cannot have here."""
    check_shape("CreateTrainingJob", request)
    algorithm, resources = request["AlgorithmSpecification"], request["ResourceConfig"]
    given = hyperparameters(request)
    if not algorithm.get("TrainingImage"):
        raise UnsupportedJobError("AlgorithmName; give a TrainingImage with your own code")
    if "ContainerEntrypoint" not in algorithm and not (given.get(SOURCE) and given.get(PROGRAM)):
        raise UnsupportedJobError(
            f"an image's own program; name code of yours by the hyperparameters {SOURCE} and {PROGRAM}, "
            "or by ContainerEntrypoint"
        )
    if resources.get("InstanceCount", 0) != 1:
        raise UnsupportedJobError("several instances or instance groups; supported is InstanceCount 1")
    for name in ("DebugRuleConfigurations", "ProfilerRuleConfigurations", "RetryStrategy", "InfraCheckConfig"):
        if request.get(name):
            raise UnsupportedJobError(f"{name}; leave it out")
    stops = request.get("StoppingCondition") or {}
    if request.get("EnableManagedSpotTraining") and "MaxWaitTimeInSeconds" not in stops:
        raise UnsupportedJobError("spot training without MaxWaitTimeInSeconds; SageMaker wants one, too")
    if stops.get("MaxWaitTimeInSeconds", 10**9) < stops.get("MaxRuntimeInSeconds", 0):
        raise UnsupportedJobError("MaxWaitTimeInSeconds below MaxRuntimeInSeconds; SageMaker refuses it, too")
    for channel in request.get("InputDataConfig") or ():
        _check_channel(channel, algorithm["TrainingInputMode"])


def _check_channel(channel: JsonObject, mode: str) -> None:
    name, source = channel["ChannelName"], channel["DataSource"].get("S3DataSource")
    if source is None or source["S3DataType"] != "S3Prefix":
        raise UnsupportedJobError(f"the data source of channel {name}; supported is S3DataSource with S3Prefix")
    if channel.get("InputMode", mode) == "Pipe":
        raise UnsupportedJobError(f"pipe mode of channel {name}; supported are File and FastFile")
    for member in ("CompressionType", "RecordWrapperType"):
        if channel.get(member, "None") != "None":
            raise UnsupportedJobError(f"{member} of channel {name}; leave it out")


def check_processing(request: JsonObject) -> None:
    """Raise UnsupportedJobError for what a processing job cannot have here."""
    check_shape("CreateProcessingJob", request)
    if "ContainerEntrypoint" not in request["AppSpecification"]:
        raise UnsupportedJobError("an image's own program; name code of yours by ContainerEntrypoint")
    if request["ProcessingResources"]["ClusterConfig"]["InstanceCount"] != 1:
        raise UnsupportedJobError("several instances; supported is InstanceCount 1")
    for each in request.get("ProcessingInputs") or ():
        kind = each.get("S3Input")
        if kind is None or kind["S3DataType"] != "S3Prefix" or kind.get("S3InputMode", "File") != "File":
            raise UnsupportedJobError(f"the input {each['InputName']}; supported is S3Input with S3Prefix and File")
        if kind.get("S3CompressionType", "None") != "None":
            raise UnsupportedJobError(f"the compression of input {each['InputName']}; leave it out")
    for each in (request.get("ProcessingOutputConfig") or {}).get("Outputs", ()):
        if "S3Output" not in each:
            raise UnsupportedJobError(f"the output {each['OutputName']}; supported is S3Output")
