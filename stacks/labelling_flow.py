"""The state machine of a labelling job, as Amazon States Language: prepare, wait for people, merge.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token,
https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html (createLabelingJob.sync)
"""

from typing import Any

REQUEST = "$$.Execution.Input"
# Members of CreateLabelingJob's request, as the first step prepares it.
GROUND_TRUTH = (
    *("LabelingJobName", "LabelAttributeName", "InputConfig", "OutputConfig", "RoleArn"),
    *("LabelCategoryConfigS3Uri", "HumanTaskConfig"),
)
RETRY = [
    {
        "ErrorEquals": ["Lambda.ServiceException", "Lambda.TooManyRequestsException", "Lambda.Unknown"],
        "IntervalSeconds": 2,
        "MaxAttempts": 5,
        "BackoffRate": 2,
        "JitterStrategy": "FULL",
    },
    # A request that cannot work never will; the timeout of the state that waits is no failure.
    {"ErrorEquals": ["InvalidJob", "States.Timeout"], "MaxAttempts": 0},
    {"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 5, "MaxAttempts": 2, "BackoffRate": 2},
]


def definition(*, partition: str, function: str, ground_truth: bool) -> dict[str, Any]:
    """Return the definition. `function`: ARN of that of all steps; with `ground_truth` SageMaker asks the people."""
    integrations = f"arn:{partition}:states:::"
    invoke = f"{integrations}lambda:invoke"
    prepare = _step(invoke, function, "prepare", {"started.$": "$$.Execution.StartTime"})
    states: dict[str, Any] = {
        "Prepare": prepare | {"ResultSelector": {"found.$": "$.Payload"}, "ResultPath": "$.prepared"},
    }
    if ground_truth:
        merge = "merge_ground_truth"
        states["Prepare"]["Next"] = "LabelInGroundTruth"
        states["LabelInGroundTruth"] = {
            "Type": "Task",
            "Resource": f"{integrations}sagemaker:createLabelingJob.sync",
            "Parameters": {f"{name}.$": f"$.prepared.found.ground_truth.{name}" for name in GROUND_TRUTH},
            "ResultPath": None,
            "Next": "Merge",
        }
    else:
        merge = "merge"
        states["Prepare"]["Next"] = "WaitForPeople"
        states["WaitForPeople"] = _wait(invoke, function)
    states["Merge"] = _step(invoke, function, merge, {}) | {"OutputPath": "$.Payload", "End": True}
    return {"StartAt": "Prepare", "States": states}


def _step(resource: str, function: str, step: str, more: dict[str, str]) -> dict[str, Any]:
    payload = {"step": step, "job.$": "$$.Execution.Name", "request.$": REQUEST, **more}
    return {
        "Type": "Task",
        "Resource": resource,
        "Parameters": {"FunctionName": function, "Payload": payload},
        "Retry": RETRY,
    }


def _wait(invoke: str, function: str) -> dict[str, Any]:
    """Return the state that gives its token to the table and waits, to the deadline at most; both ways lead on."""
    merge = {"ErrorEquals": ["States.Timeout"], "ResultPath": None, "Next": "Merge"}
    return _step(f"{invoke}.waitForTaskToken", function, "open", {"token.$": "$$.Task.Token"}) | {
        "TimeoutSecondsPath": "$.prepared.found.deadline_seconds",
        "ResultPath": None,
        "Catch": [merge],
        "Next": "Merge",
    }
