"""One alarm for a feature, in alarm while any of the feature's own is: a person is told once, not by each of them.

Creates: a composite alarm, another for each further hundred alarms.   Grants: none.
Source: CloudWatch API reference, PutCompositeAlarm (at most 100 alarms in a rule).
"""

from collections.abc import Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from slipway_constructs.monitoring import described

MOST = 100


class HurtAlarm(Construct):
    """Notifies a topic when the feature `what` is hurt and when it is well again. Raises: ValueError without alarms."""

    def __init__(
        self, scope: Construct, construct_id: str, *, what: str, topic_arn: str, alarms: Sequence[cloudwatch.CfnAlarm]
    ) -> None:
        super().__init__(scope, construct_id)
        if not alarms:
            raise ValueError(f"{what}: a composite alarm needs alarms")
        for begin in range(0, len(alarms), MOST):
            some = alarms[begin : begin + MOST]
            cloudwatch.CfnCompositeAlarm(
                self,
                f"Alarm{begin // MOST or ''}",
                alarm_rule=" OR ".join(f'ALARM("{alarm.ref}")' for alarm in some),
                alarm_description=described(f"{what} is hurt: at least one of its {len(some)} alarms is on.", "hurt"),
                alarm_actions=[topic_arn],
                ok_actions=[topic_arn],
            )
