"""What executions of state machines become in CloudWatch.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
"""

from slipway_local.metrics.series import report_of

NAMESPACE = "AWS/States"
ENDED = {
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "ABORTED": "ExecutionsAborted",
    "TIMED_OUT": "ExecutionsTimedOut",
}


def executions_reported(machine_arn: str, status: str, milliseconds: float) -> None:
    """Report an execution that began (`RUNNING`) or ended after so many milliseconds."""
    values = {"ExecutionsStarted": 1.0} if status == "RUNNING" else {ENDED[status]: 1.0, "ExecutionTime": milliseconds}
    report_of(machine_arn, NAMESPACE, {"StateMachineArn": machine_arn}, values)
