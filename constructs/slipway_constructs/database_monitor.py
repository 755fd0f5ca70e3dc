"""Watches an Aurora Serverless v2 cluster.

Creates: an alarm for a cluster that runs at its greatest capacity.   Grants: none.
Source: Aurora user guide, "Important Amazon CloudWatch metrics for Aurora Serverless v2".
"""

from constructs import Construct

from slipway_constructs.monitoring import Metric, Monitor

AT_MAXIMUM_PERCENT = 95


class DatabaseMetricFactory:
    """Metrics of one cluster, by its identifier."""

    def __init__(self, cluster_identifier: str) -> None:
        self._dimensions = {"DBClusterIdentifier": cluster_identifier}

    def capacity_in_acu(self) -> Metric:
        """Return the capacity in use, in Aurora capacity units."""
        return self._metric("ServerlessDatabaseCapacity", "Average")

    def utilization_in_percent(self) -> Metric:
        """Return the capacity in use as a share of the greatest."""
        return self._metric("ACUUtilization", "Average")

    def connections(self) -> Metric:
        """Return the number of connections."""
        return self._metric("DatabaseConnections", "Maximum")

    def _metric(self, name: str, statistic: str) -> Metric:
        return Metric("AWS/RDS", name, self._dimensions, statistic)


class DatabaseMonitor(Monitor):
    """Alarms when the cluster is at its greatest capacity for a quarter of an hour."""

    def __init__(
        self, scope: Construct, construct_id: str, *, topic_arn: str, cluster_identifier: str, max_acu: float
    ) -> None:
        super().__init__(scope, construct_id, topic_arn=topic_arn)
        metrics = DatabaseMetricFactory(cluster_identifier)
        self.alarm(
            "AtMaximum",
            metrics.utilization_in_percent(),
            above=AT_MAXIMUM_PERCENT,
            periods=3,
            description=f"{construct_id}: at its greatest capacity of {max_acu:g} ACU. Raise max_acu.",
            runbook="database",
        )
        self.graph(f"{construct_id}: capacity, ACU", metrics.capacity_in_acu())
        self.graph(f"{construct_id}: share of greatest capacity, percent", metrics.utilization_in_percent())
        self.graph(f"{construct_id}: connections", metrics.connections())
