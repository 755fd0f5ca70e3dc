from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_sns as sns

from slipway_constructs.api_monitor import ApiMonitor
from slipway_constructs.database_monitor import DatabaseMonitor
from slipway_constructs.function_monitor import FunctionMonitor
from slipway_constructs.queue_monitor import QueueMonitor
from slipway_constructs.rule_monitor import RuleMonitor

MONITORS: dict[str, tuple[type[Any], dict[str, Any], dict[str, float]]] = {
    "queue": (
        QueueMonitor,
        {"queue_name": "q", "dead_letter_queue_name": "d", "oldest_seconds": 60},
        {"ApproximateAgeOfOldestMessage": 60, "ApproximateNumberOfMessagesVisible": 0},
    ),
    "function": (
        FunctionMonitor,
        {"function_name": "f", "timeout": cdk.Duration.seconds(10)},
        {"Errors": 0, "Throttles": 0, "Duration": 9000},
    ),
    "api": (
        ApiMonitor,
        {"api_name": "a", "stage": "live", "slow": cdk.Duration.seconds(20)},
        {"5XXError": 0, "Latency": 20000},
    ),
    "rule": (RuleMonitor, {"rule_name": "r"}, {"FailedInvocations": 0, "InvocationsFailedToBeSentToDlq": 0}),
    "database": (DatabaseMonitor, {"cluster_identifier": "c", "max_acu": 4}, {"ACUUtilization": 95}),
}


@pytest.mark.capability("O2")
@pytest.mark.parametrize("name", MONITORS)
def test_a_monitor_alarms_at_its_thresholds_and_shows_a_row(
    stack: cdk.Stack, resources: Callable[[str], list[dict[str, Any]]], name: str
) -> None:
    kind, arguments, thresholds = MONITORS[name]

    monitor = kind(stack, "Monitor", topic_arn=sns.Topic(stack, "Topic").topic_arn, **arguments)

    alarms = [item["Properties"] for item in resources("AWS::CloudWatch::Alarm")]
    assert {alarm["MetricName"]: alarm["Threshold"] for alarm in alarms} == thresholds
    assert {alarm["ComparisonOperator"] for alarm in alarms} == {"GreaterThanThreshold"}
    assert all("Ref" in alarm["AlarmActions"][0] for alarm in alarms)
    assert len(monitor.graphs) == 3
