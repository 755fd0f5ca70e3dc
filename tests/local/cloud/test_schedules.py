"""Schedules and rules that fire by the wall clock.

Expectations: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule.html and
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from support.heard import HEARS, arn, heard, message

pytestmark = pytest.mark.capability("O14")


@pytest.fixture(scope="module")
def out(local_cloud: Any) -> dict[str, str]:
    body: dict[str, Any] = {
        "Resources": {
            "Role": local_cloud.role(),
            "FromSchedule": local_cloud.function(HEARS),
            "Queue": {"Type": "AWS::SQS::Queue"},
        },
        "Outputs": {
            "FromSchedule": {"Value": {"Ref": "FromSchedule"}},
            "Queue": {"Value": {"Ref": "Queue"}},
            "ScheduleArn": {"Value": arn("FromSchedule")},
            "RoleArn": {"Value": arn("Role")},
            "QueueArn": {"Value": arn("Queue")},
        },
    }
    return dict(local_cloud.outputs(local_cloud.deploy(Schedules=body), "Schedules"))


def schedule(out: Any, expression: str, **more: Any) -> dict[str, Any]:
    target = {"Arn": out["ScheduleArn"], "RoleArn": out["RoleArn"], **more.pop("Target", {})}
    window = {"FlexibleTimeWindow": {"Mode": "OFF"}}
    return {"ScheduleExpression": expression, "Target": target, **window, **more}


def test_a_one_time_schedule_fires_in_its_time_zone_and_is_gone(local_cloud: Any, out: Any) -> None:
    client = local_cloud.place.client("scheduler")
    moment = datetime.now(UTC) + timedelta(seconds=2)
    local = moment.astimezone(ZoneInfo("Asia/Tokyo"))
    given = '{"when": "<aws.scheduler.scheduled-time>", "by": "<aws.scheduler.schedule-arn>"}'
    expression = f"at({local:%Y-%m-%dT%H:%M:%S})"
    once = schedule(out, expression, Target={"Input": given}, ActionAfterCompletion="DELETE")
    made = client.create_schedule(Name="once", ScheduleExpressionTimezone="Asia/Tokyo", **once)
    assert client.get_schedule(Name="once")["ScheduleExpression"] == expression
    wanted = {"when": f"{moment:%Y-%m-%dT%H:%M:%SZ}", "by": made["ScheduleArn"]}
    local_cloud.eventually(lambda: wanted in heard(local_cloud, out["FromSchedule"]))
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_schedule(Name="once")


def test_a_schedule_of_a_template_fires_changes_and_goes(local_cloud: Any, out: Any) -> None:
    """A rate without a start date begins at once."""
    target = {"Arn": out["QueueArn"], "RoleArn": out["RoleArn"], "Input": "first"}
    properties = schedule(out, "rate(1 hour)") | {"GroupName": {"Ref": "Group"}, "Target": target}
    body: dict[str, Any] = {
        "Resources": {
            "Group": {"Type": "AWS::Scheduler::ScheduleGroup", "Properties": {"Name": "mine"}},
            "It": {"Type": "AWS::Scheduler::Schedule", "Properties": properties},
        },
        "Outputs": {"It": {"Value": {"Ref": "It"}}, "Arn": {"Value": arn("It")}},
    }
    made = local_cloud.outputs(local_cloud.deploy(Scheduled=body), "Scheduled")
    assert made["Arn"] == f"arn:aws:scheduler:us-east-1:123456789012:schedule/mine/{made['It']}"
    assert message(local_cloud, out["Queue"])["Body"] == "first"
    properties["Target"] = {**target, "Input": "second"}
    local_cloud.deploy(Scheduled=body)
    assert message(local_cloud, out["Queue"])["Body"] == "second"
    local_cloud.remove("Scheduled")
    client = local_cloud.place.client("scheduler")
    assert not [one for one in client.list_schedules()["Schedules"] if one["Name"] == made["It"]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ScheduleExpression": "sometimes"}, "Invalid Schedule Expression sometimes"),
        ({"ScheduleExpressionTimezone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}}, "MaximumWindowInMinutes"),
        ({"FlexibleTimeWindow": {"Mode": "OFF", "MaximumWindowInMinutes": 5}}, "MaximumWindowInMinutes"),
        ({"Target": {"Arn": "arn:aws:scheduler:::aws-sdk:s3:listBuckets", "RoleArn": "r"}}, "delivers to SQS queues"),
    ],
)
def test_schedules_that_cannot_fire_are_refused(local_cloud: Any, out: Any, change: Any, message: str) -> None:
    client = local_cloud.place.client("scheduler")
    with pytest.raises(client.exceptions.ValidationException, match=message):
        client.create_schedule(Name="never", **{**schedule(out, "rate(1 hour)"), **change})


def test_a_schedule_needs_a_group_that_exists(local_cloud: Any, out: Any) -> None:
    """https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html"""
    client = local_cloud.place.client("scheduler")
    with pytest.raises(client.exceptions.ResourceNotFoundException, match="Schedule group none does not exist"):
        client.create_schedule(Name="never", GroupName="none", **schedule(out, "rate(1 hour)"))


@pytest.mark.timeout(150)
def test_a_rule_fires_by_the_wall_clock(local_cloud: Any, out: Any) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html"""
    events = local_cloud.place.client("events")
    rule = events.put_rule(Name="each-minute", ScheduleExpression="cron(* * * * ? *)")["RuleArn"]
    events.put_targets(Rule="each-minute", Targets=[{"Id": "f", "Arn": out["ScheduleArn"]}])

    def fired() -> list[Any]:
        return [one for one in heard(local_cloud, out["FromSchedule"]) if one.get("resources") == [rule]]

    (event, *_) = local_cloud.eventually(fired, seconds=90)
    events.disable_rule(Name="each-minute")
    assert (event["source"], event["detail-type"], event["detail"]) == ("aws.events", "Scheduled Event", {})
    assert datetime.strptime(event["time"], "%Y-%m-%dT%H:%M:%SZ").second == 0
