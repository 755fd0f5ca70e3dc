import json
from typing import Any

import pytest

CUSTOM_RESOURCE_HANDLERS = {"migrate_store", "empty_bucket", "empty_vector_bucket"}
# One that fails or is late fails its execution, or leaves its message in a dead-letter queue: both are alarmed.
STEP_HANDLERS = {"plan_evaluation", "evaluate_question", "report_evaluation"} | {
    *("training_step", "training_release", "training_failed", "gate")
}


@pytest.mark.capability("O2")
def test_every_queue_function_api_and_database_has_its_alarms(dev: Any) -> None:
    alarms = [item["Properties"] for item in dev.of("observability", "AWS::CloudWatch::Alarm")]
    kinds = sorted((alarm["Namespace"], alarm["MetricName"]) for alarm in alarms)
    functions = [
        item["Properties"]["Handler"].split(".")[-2]
        for part in dev
        for item in dev.of(part, "AWS::Lambda::Function")
        if item["Properties"]["Handler"].split(".")[-2] not in CUSTOM_RESOURCE_HANDLERS | STEP_HANDLERS
    ]

    assert {"chat", "ingest_document"} <= set(functions)
    for name in ("Throttles", "Duration"):
        assert kinds.count(("AWS/Lambda", name)) == 0, "dev has only the essential alarms"
    assert kinds.count(("AWS/Lambda", "Errors")) == len(functions) - 1, "the authorizer's refusals are no errors"
    assert kinds.count(("Slipway", "AuthorizerFailures")) == 1
    assert kinds.count(("Slipway", "MeterFailures")) == 1
    assert kinds.count(("Slipway", "GuardrailFailures")) == 1
    assert kinds.count(("AWS/Events", "FailedInvocations")) == 2, "documents, and fine-tuning runs that failed"
    assert kinds.count(("AWS/SQS", "ApproximateAgeOfOldestMessage")) == 2
    assert kinds.count(("AWS/SQS", "ApproximateNumberOfMessagesVisible")) == 3, "and what judges experiments left"
    machines = [machine for part in dev for machine in dev.of(part, "AWS::StepFunctions::StateMachine")]
    assert machines
    for name in ("ExecutionsFailed", "ExecutionsTimedOut"):
        assert kinds.count(("AWS/States", name)) == len(machines)
    (late,) = [alarm for alarm in alarms if alarm["MetricName"] == "ErasureAgeSeconds"]
    assert late["Threshold"] == 48 * 3600
    assert {("AWS/ApiGateway", "5XXError"), ("AWS/RDS", "ACUUtilization")} <= set(kinds)
    assert [alarm["ExtendedStatistic"] for alarm in alarms if alarm["MetricName"] == "Latency"] == ["p99"]


@pytest.mark.capability("P9")
@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_a_guard_that_fails_is_an_alarm_with_its_page(environments: dict[str, Any], environment: str) -> None:
    alarms = environments[environment].of("observability", "AWS::CloudWatch::Alarm")
    (failing,) = [each["Properties"] for each in alarms if each["Properties"].get("MetricName") == "GuardrailFailures"]

    assert {pair["Name"]: pair["Value"] for pair in failing["Dimensions"]} == {
        "service": "chat",
        "environment": environment,
    }
    assert (failing["Statistic"], failing["Threshold"]) == ("Sum", 0)
    assert failing["AlarmDescription"].endswith("docs/runbooks/guard.md")


def test_a_wrong_key_is_no_alarm_and_a_failing_authorizer_is_one(prod: Any) -> None:
    alarms = [item["Properties"] for item in prod.of("observability", "AWS::CloudWatch::Alarm")]
    (failing,) = [alarm for alarm in alarms if alarm["MetricName"] == "AuthorizerFailures"]

    assert {pair["Name"]: pair["Value"] for pair in failing["Dimensions"]} == {
        "service": "authorize",
        "environment": "prod",
    }
    errors = [json.dumps(alarm["Dimensions"]) for alarm in alarms if alarm["MetricName"] == "Errors"]
    assert not [dimensions for dimensions in errors if "authorize" in dimensions]


@pytest.mark.capability("O2")
def test_every_alarm_notifies_says_what_to_do_and_stays_quiet_without_traffic(dev: Any) -> None:
    for alarm in dev.of("observability", "AWS::CloudWatch::Alarm"):
        properties = alarm["Properties"]
        assert "alarmtopicarn" in properties["AlarmActions"][0]["Ref"]
        assert len(properties["AlarmDescription"]) > 30
        assert properties["TreatMissingData"] == "notBreaching"


def test_the_duration_alarm_is_just_below_the_timeout(prod: Any) -> None:
    alarms = [item["Properties"] for item in prod.of("observability", "AWS::CloudWatch::Alarm")]
    assert {alarm["Threshold"] for alarm in alarms if alarm["MetricName"] == "Duration"} == {
        26100,
        54000,
        108000,
        270000,
        810000,
    }
