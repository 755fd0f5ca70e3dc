"""Watches a state machine.

Creates: alarms for executions that failed, timed out or were aborted.   Grants: none.
Source: Step Functions developer guide, "Monitoring Step Functions metrics using Amazon CloudWatch".
"""

from constructs import Construct

from slipway_constructs.monitoring import Metric, Monitor


class StateMachineMetricFactory:
    """Metrics of one state machine, by its ARN."""

    def __init__(self, state_machine_arn: str) -> None:
        self._dimensions = {"StateMachineArn": state_machine_arn}

    def started(self) -> Metric:
        """Return the number of executions that began."""
        return self._metric("ExecutionsStarted")

    def failed(self) -> Metric:
        """Return the number of executions that failed."""
        return self._metric("ExecutionsFailed")

    def timed_out(self) -> Metric:
        """Return the number of executions that took too long."""
        return self._metric("ExecutionsTimedOut")

    def aborted(self) -> Metric:
        """Return the number of executions that somebody stopped."""
        return self._metric("ExecutionsAborted")

    def _metric(self, name: str) -> Metric:
        return Metric("AWS/States", name, self._dimensions, "Sum")


class StateMachineMonitor(Monitor):
    """Alarms on the first execution that fails or times out."""

    def __init__(self, scope: Construct, construct_id: str, *, topic_arn: str, state_machine_arn: str) -> None:
        super().__init__(scope, construct_id, topic_arn=topic_arn)
        metrics = StateMachineMetricFactory(state_machine_arn)
        remedy = "See the execution's history, mend the cause, and start it anew or redrive it."
        self.alarm(
            "Failed",
            metrics.failed(),
            above=0,
            description=f"{construct_id}: executions fail. {remedy}",
            runbook="executions",
        )
        self.alarm(
            "TimedOut",
            metrics.timed_out(),
            above=0,
            description=f"{construct_id}: they time out. {remedy}",
            runbook="executions",
        )
        self.graph(f"{construct_id}: executions started", metrics.started())
        self.graph(
            f"{construct_id}: executions failed, timed out, aborted",
            metrics.failed(),
            metrics.timed_out(),
            metrics.aborted(),
        )
