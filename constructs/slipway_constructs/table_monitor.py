"""Watches DynamoDB tables.

Creates: for each table an alarm for writes and one for reads that are throttled.   Grants: none.
Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
"""

from collections.abc import Mapping

from constructs import Construct

from slipway_constructs.monitoring import Metric, Monitor

SIDES = ("Write", "Read")


class TableMetricFactory:
    """Metrics of one table, by its name."""

    def __init__(self, table_name: str) -> None:
        self._dimensions = {"TableName": table_name}

    def throttles(self, side: str) -> Metric:
        """Return the number of requests refused on the side `Write` or `Read`."""
        return self._metric(f"{side}ThrottleEvents")

    def consumed_units(self, side: str) -> Metric:
        """Return the capacity units consumed on the side `Write` or `Read`."""
        return self._metric(f"Consumed{side}CapacityUnits")

    def _metric(self, name: str) -> Metric:
        return Metric("AWS/DynamoDB", name, self._dimensions, "Sum")


class TableMonitor(Monitor):
    """Alarms when requests to a table are throttled for ten minutes. `tables`: their names by what they hold."""

    def __init__(self, scope: Construct, construct_id: str, *, topic_arn: str, tables: Mapping[str, str]) -> None:
        super().__init__(scope, construct_id, topic_arn=topic_arn)
        every = {what: TableMetricFactory(name) for what, name in tables.items()}
        for what, metrics in every.items():
            for side in SIDES:
                self.alarm(
                    f"Throttles{what.capitalize()}{side}s",
                    metrics.throttles(side),
                    above=0,
                    periods=2,
                    description=f"Table {what}: {side.lower()}s are throttled for ten minutes.",
                    runbook="table",
                )
        for side in SIDES:
            self.graph(f"Tables: {side.lower()} units", *(one.consumed_units(side) for one in every.values()))
        self.graph("Tables: throttled", *(one.throttles(side) for one in every.values() for side in SIDES))
