"""The state machine of drift detection: each stack is compared with its template; any that differs fails the run.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

POLL_SECONDS = 20
RETRY = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 30, "MaxAttempts": 5, "BackoffRate": 2}]


def definition(stack_names: Sequence[str], partition: str) -> dict[str, Any]:
    """Return the definition, in JSONata. A run fails with `Drifted`, whose cause names the stacks and their status."""
    sdk = f"arn:{partition}:states:::aws-sdk:cloudformation:"
    return {
        "QueryLanguage": "JSONata",
        "StartAt": "EachStack",
        "States": {
            "EachStack": {
                "Type": "Map",
                "Items": list(stack_names),
                "MaxConcurrency": 2,
                "ItemProcessor": {"StartAt": "Detect", "States": _of_a_stack(sdk)},
                "Output": {"drifted": "{% [$states.result[status != 'IN_SYNC'].(stack & ': ' & status)] %}"},
                "Next": "Judge",
            },
            "Judge": {
                "Type": "Choice",
                "Choices": [{"Condition": "{% $count($states.input.drifted) = 0 %}", "Next": "AsDeclared"}],
                "Default": "Drifted",
            },
            "AsDeclared": {"Type": "Succeed"},
            "Drifted": {
                "Type": "Fail",
                "Error": "Drifted",
                "Cause": "{% $join($states.input.drifted, ', ') %}",
            },
        },
    }


def _of_a_stack(sdk: str) -> dict[str, Any]:
    return {
        "Detect": {
            "Type": "Task",
            "Resource": f"{sdk}detectStackDrift",
            "Arguments": {"StackName": "{% $states.input %}"},
            "Retry": RETRY,
            "Output": {"stack": "{% $states.input %}", "id": "{% $states.result.StackDriftDetectionId %}"},
            "Next": "Wait",
        },
        "Wait": {"Type": "Wait", "Seconds": POLL_SECONDS, "Next": "Look"},
        "Look": {
            "Type": "Task",
            "Resource": f"{sdk}describeStackDriftDetectionStatus",
            "Arguments": {"StackDriftDetectionId": "{% $states.input.id %}"},
            "Retry": RETRY,
            "Output": {
                "stack": "{% $states.input.stack %}",
                "id": "{% $states.input.id %}",
                "detection": "{% $states.result.DetectionStatus %}",
                # Not known where the detection itself failed, which is no reason to be calm.
                "status": "{% ($is := $states.result.StackDriftStatus; $exists($is) ? $is : 'UNKNOWN') %}",
            },
            "Next": "Done",
        },
        "Done": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $states.input.detection = 'DETECTION_IN_PROGRESS' %}", "Next": "Wait"}],
            "Default": "Known",
        },
        "Known": {"Type": "Succeed"},
    }
