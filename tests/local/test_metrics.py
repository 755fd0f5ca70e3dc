"""Metrics as CloudWatch keeps them, and the rules of composite alarms."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from slipway_local import alarm_rules
from slipway_local.alarms import Alarms
from slipway_local.aws import Place
from slipway_local.aws_json import ServiceError
from slipway_local.metrics import cloudwatch
from slipway_local.metrics.embedded import extract
from slipway_local.metrics.series import POINTS_KEPT, append, report
from slipway_local.metrics.statistics import statistic

pytestmark = pytest.mark.capability("O14")
PLACE = ("123456789012", "eu-west-1")


@pytest.fixture
def client() -> Any:
    with mock_aws():
        cloudwatch.install()
        yield boto3.client("cloudwatch", "eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")


def read(client: Any, *queries: dict[str, Any]) -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    asked = [{"Id": f"q{at}", **query} for at, query in enumerate(queries)]
    span = {"StartTime": now - timedelta(minutes=10), "EndTime": now + timedelta(minutes=1)}
    return list(client.get_metric_data(MetricDataQueries=asked, **span)["MetricDataResults"])


def of(namespace: str, name: str, stat: str, **dimensions: str) -> dict[str, Any]:
    pairs = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    metric = {"Namespace": namespace, "MetricName": name, "Dimensions": pairs}
    return {"MetricStat": {"Metric": metric, "Period": 3600, "Stat": stat}}


def test_a_metric_is_its_namespace_name_and_dimensions(client: Any) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#Metric"""
    report(*PLACE, "A", {"x": "1"}, {"Count": 2})
    report(*PLACE, "B", {"x": "1"}, {"Count": 5})
    report(*PLACE, "A", {"x": "1", "y": "2"}, {"Count": 7})
    client.put_metric_data(
        Namespace="A", MetricData=[{"MetricName": "Count", "Value": 3, "Dimensions": [{"Name": "x", "Value": "1"}]}]
    )

    found = read(client, of("A", "Count", "Sum", x="1"), of("B", "Count", "Sum", x="1"), of("A", "Count", "Sum"))

    assert [sum(one["Values"]) for one in found] == [5, 5, 0]
    assert len(client.list_metrics(Namespace="A")["Metrics"]) == 2


def test_values_with_counts_and_statistics_count_as_many_times(client: Any) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html"""
    told = {"SampleCount": 4, "Sum": 20, "Minimum": 1, "Maximum": 9}
    data = [{"MetricName": "v", "Values": [1, 2], "Counts": [3, 1]}, {"MetricName": "s", "StatisticValues": told}]
    client.put_metric_data(Namespace="N", MetricData=data)

    wanted = [
        of("N", "v", "Sum"),
        of("N", "v", "p50"),
        *(of("N", "s", each) for each in ("Sum", "SampleCount", "Minimum", "Maximum", "Average")),
    ]

    assert [one["Values"] for one in read(client, *wanted)] == [[5], [1], [20], [4], [1], [9], [5]]
    now = datetime.now(UTC)
    points = client.get_metric_statistics(
        Namespace="N",
        MetricName="v",
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=3600,
        Statistics=["Sum"],
    )["Datapoints"]
    assert sum(point["Sum"] for point in points) == 5


def test_a_search_gives_a_line_for_each_metric_and_another_form_is_refused(client: Any) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html"""
    for tenant, value in (("a", 1), ("b", 2)):
        report(*PLACE, "N", {"env": "dev", "tenant": tenant}, {"Cost": value})
    report(*PLACE, "N", {"env": "prod", "tenant": "c"}, {"Cost": 9})
    report(*PLACE, "N", {"env": "dev"}, {"Cost": 9})

    found = read(client, {"Expression": """SEARCH('{N,env,tenant} MetricName="Cost" env="dev"', 'Sum', 3600)"""})

    assert [(one["Label"], sum(one["Values"])) for one in found] == [("a", 1), ("b", 2)]
    with pytest.raises(ClientError, match="not emulated"):
        read(client, {"Expression": "m1 / m2"})
    with pytest.raises(ClientError, match="not emulated"):
        read(client, of("N", "Cost", "tm90", env="dev"))


def test_metrics_in_a_log_line_are_taken_out_and_a_malformed_one_is_told(client: Any, capsys: Any) -> None:
    """CloudWatch Embedded Metric Format Specification; the line is powertools' own form, with lists of values."""
    directive = {
        "Namespace": "Slipway",
        "Dimensions": [["service"], ["service", "tenant"]],
        "Metrics": [{"Name": "Asked"}],
    }
    line = {
        "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]},
        "service": "chat",
        "tenant": "t",
        "Asked": [1, 2],
    }
    extract(*PLACE, json.dumps(line))
    extract(*PLACE, json.dumps(line | {"_aws": {"CloudWatchMetrics": [directive]}}))
    extract(*PLACE, '{"message": "not a metric"}')

    found = read(
        client,
        of("Slipway", "Asked", "Sum", service="chat"),
        of("Slipway", "Asked", "Maximum", service="chat", tenant="t"),
    )

    assert [one["Values"] for one in found] == [[3], [2]]
    assert "malformed" in capsys.readouterr().err


def test_the_newest_points_are_kept() -> None:
    points: list[Any] = []
    for at in range(3 * POINTS_KEPT):
        append(points, at, 1.0)

    assert POINTS_KEPT <= len(points) <= 2 * POINTS_KEPT
    assert points[-1][0] == 3 * POINTS_KEPT - 1
    assert statistic("SampleCount", points[-10:]) == 10


STATES = {"a": "ALARM", "b": "OK", "c": "INSUFFICIENT_DATA"}


@pytest.mark.capability("O2")
@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ('ALARM("a")', True),
        ("ALARM(b) OR OK(b)", True),
        ('ALARM("a") AND NOT ALARM("b")', True),
        ('ALARM("b") OR INSUFFICIENT_DATA("c") AND ALARM("a")', True),
        ('(ALARM("a") OR TRUE) AND ALARM("b")', False),
        ("NOT (ALARM(a) OR FALSE)", False),
    ],
)
def test_a_composite_alarm_s_rule_is_read_with_its_operators(rule: str, holds: bool) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html"""
    assert alarm_rules.holds(rule, STATES) is holds


@pytest.mark.parametrize("rule", ["ALARM(a) OR", "ALARM(a) OK(b)", "a > 1", "(ALARM(a)"])
def test_a_rule_that_cannot_be_read_is_refused(rule: str) -> None:
    with pytest.raises(ServiceError):
        alarm_rules.holds(rule, STATES)


@pytest.mark.capability("O2")
def test_a_composite_alarm_is_kept_with_its_rule_and_follows_it(client: Any) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html"""
    alarm = {"Namespace": "N", "MetricName": "Bad", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1}
    client.put_metric_alarm(
        AlarmName="one",
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
        **alarm,
    )
    client.put_composite_alarm(AlarmName="all", AlarmRule='ALARM("one") OR FALSE', AlarmDescription="d")
    alarms = Alarms(Place(endpoint_url="http://localhost", account=PLACE[0], region=PLACE[1]))

    def states() -> dict[str, str]:
        found = client.describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        assert [each["AlarmRule"] for each in found["CompositeAlarms"]] == ['ALARM("one") OR FALSE']
        return {each["AlarmName"]: each["StateValue"] for each in found["MetricAlarms"] + found["CompositeAlarms"]}

    alarms.evaluate(time.time())
    assert states() == {"one": "OK", "all": "OK"}
    report(*PLACE, "N", {}, {"Bad": 1})
    alarms.evaluate(time.time())
    assert states() == {"one": "ALARM", "all": "ALARM"}
    raised = client.describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"], StateValue="ALARM")
    assert (len(raised["MetricAlarms"]), len(raised["CompositeAlarms"])) == (1, 1)
    with pytest.raises(ClientError, match="cannot be read"):
        client.put_composite_alarm(AlarmName="bad", AlarmRule="Sum > 1")
