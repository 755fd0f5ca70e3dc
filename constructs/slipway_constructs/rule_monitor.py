"""Watches an EventBridge rule.

Creates: alarms for events that were not delivered, and for those that the dead-letter queue did not take either.
Grants: none.
Source: EventBridge user guide, "Monitoring Amazon EventBridge".
"""

from constructs import Construct

from slipway_constructs.monitoring import Metric, Monitor


class RuleMetricFactory:
    """Metrics of one rule of the default event bus, by its name."""

    def __init__(self, rule_name: str) -> None:
        self._dimensions = {"RuleName": rule_name}

    def matched_events(self) -> Metric:
        """Return the number of events that matched the rule."""
        return self._metric("MatchedEvents")

    def failed_invocations(self) -> Metric:
        """Return the number of events that the target did not take, for good."""
        return self._metric("FailedInvocations")

    def lost_events(self) -> Metric:
        """Return the number of events that the dead-letter queue did not take either."""
        return self._metric("InvocationsFailedToBeSentToDlq")

    def _metric(self, name: str) -> Metric:
        return Metric("AWS/Events", name, self._dimensions, "Sum")


class RuleMonitor(Monitor):
    """Alarms on the first event that is not delivered, and on the first that is lost."""

    def __init__(self, scope: Construct, construct_id: str, *, topic_arn: str, rule_name: str) -> None:
        super().__init__(scope, construct_id, topic_arn=topic_arn)
        metrics = RuleMetricFactory(rule_name)
        self.alarm(
            "FailedInvocations",
            metrics.failed_invocations(),
            above=0,
            description=f"{construct_id}: events do not reach the queue; they wait in the dead-letter queue. See its "
            "policy and the key's, then redrive them.",
            runbook="events",
        )
        self.alarm(
            "LostEvents",
            metrics.lost_events(),
            above=0,
            description=f"{construct_id}: events are lost. See the dead-letter queue's policy; put documents again.",
            runbook="events",
        )
        self.graph(f"{construct_id}: matched events", metrics.matched_events())
        self.graph(f"{construct_id}: not delivered", metrics.failed_invocations())
        self.graph(f"{construct_id}: lost", metrics.lost_events())
