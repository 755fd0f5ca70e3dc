"""Watches the meters of the gateway.

Creates: an alarm for numbers that did not reach the ledger or the counters.   Grants: none.
"""

from constructs import Construct

from slipway_constructs.monitoring import Metric, Monitor


class MeterMetricFactory:
    """Metrics that the chat function counts, by the name of its service and of the environment."""

    def __init__(self, service: str, environment: str) -> None:
        self._dimensions = {"service": service, "environment": environment}

    def failures(self) -> Metric:
        """Return the number of requests that could not be counted."""
        return self._metric("MeterFailures")

    def refusals(self) -> Metric:
        """Return the number of requests beyond a quota."""
        return self._metric("QuotaRefusals")

    def budget_alerts(self) -> Metric:
        """Return the number of requests of tenants whose budgets are nearly spent, or spent."""
        return self._metric("BudgetAlerts")

    def budget_actions(self) -> Metric:
        """Return the number of requests of tenants whose budgets are spent."""
        return self._metric("BudgetActions")

    def _metric(self, name: str) -> Metric:
        return Metric("Slipway", name, self._dimensions, "Sum")


class MeterMonitor(Monitor):
    """Alarms when a request was not metered: its numbers are in the log of the chat function."""

    def __init__(self, scope: Construct, construct_id: str, *, topic_arn: str, service: str, environment: str) -> None:
        super().__init__(scope, construct_id, topic_arn=topic_arn)
        metrics = MeterMetricFactory(service, environment)
        self.alarm(
            "Failures",
            metrics.failures(),
            above=0,
            description=f"{construct_id}: requests could not be metered. The log of the function {service} has their "
            "entries: search it for `not in the ledger` and `quota not settled`.",
            runbook="meters",
        )
        self.alarm(
            "Budgets",
            metrics.budget_alerts(),
            above=0,
            description=f"{construct_id}: the budget of a tenant is nearly spent, or spent.",
            runbook="tenant-budget",
        )
        self.graph(
            f"{construct_id}: budgets nearly spent, and spent", metrics.budget_alerts(), metrics.budget_actions()
        )
        self.graph(f"{construct_id}: not counted", metrics.failures())
        self.graph(f"{construct_id}: refused", metrics.refusals())
