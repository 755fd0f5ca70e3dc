"""Every thing that can fail has an alarm, every alarm an action and a page that says what to do."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

RUNBOOKS = Path(__file__).parents[2] / "docs" / "runbooks"
LINK = re.compile(r" Runbook: docs/runbooks/([a-z-]+)\.md$")
# They run once, in a deployment, which fails with them; or as steps whose execution fails with them.
CUSTOM_RESOURCES = {"migrate_store", "empty_bucket", "empty_vector_bucket"}
PARTS = {
    *("hurt", "function-errors", "api-errors", "dead-letters", "queue-old", "executions", "endpoint-rollout", "table"),
}


def alarms(templates: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every alarm for people, with its name: those that wake an endpoint act on their policy alone."""
    for part in templates:
        for kind in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"):
            for item in templates.of(part, kind):
                actions = item["Properties"].get("AlarmActions", [])
                policies = [
                    name for name, one in templates[part]["Resources"].items() if "ScalingPolicy" in one["Type"]
                ]
                if not any(action.get("Ref") in policies for action in actions):
                    yield f"{part} {item['Properties'].get('AlarmDescription', '')}", item["Properties"]


@pytest.mark.capability("O2")
def test_every_alarm_acts_and_names_a_runbook_that_exists(environments: dict[str, Any]) -> None:
    named = set()
    for templates in environments.values():
        for where, alarm in alarms(templates):
            assert "alarmtopicarn" in json.dumps(alarm["AlarmActions"]), where
            found = LINK.search(alarm["AlarmDescription"])
            assert found, where
            named.add(found[1])
    assert named <= {path.stem for path in RUNBOOKS.glob("*.md")}
    assert named >= PARTS


@pytest.mark.capability("O2")
def test_every_runbook_belongs_to_an_alarm_and_says_what_it_means_where_to_look_and_what_to_do() -> None:
    sources = [*Path("constructs/slipway_constructs").glob("*.py"), *Path("stacks").glob("*.py")]
    text = "\n".join(path.read_text() for path in sources)
    for path in RUNBOOKS.glob("*.md"):
        page = path.read_text()
        assert f'"{path.stem}"' in text, f"no alarm names {path.name}"
        assert all(part in page for part in ("**What it means.**", "**Look here**", "**Do this**")), path.name
        for link in re.findall(r"\]\(([^)#]+)", page):
            assert (path.parent / link).exists(), f"{path.name}: {link}"
        assert f"(runbooks/{path.name})" in (RUNBOOKS.parent / "operations.md").read_text()


def number(templates: Any, kind: str) -> int:
    return sum(len(templates.of(part, kind)) for part in templates)


@pytest.mark.capability("O2")
def test_each_queue_machine_table_and_endpoint_has_alarms(environments: dict[str, Any]) -> None:
    for name in ("staging", "prod"):
        templates = environments[name]
        every = [alarm for _, alarm in alarms(templates) if "MetricName" in alarm]
        metrics = [alarm["MetricName"] for alarm in every]
        work = metrics.count("ApproximateAgeOfOldestMessage")
        assert number(templates, "AWS::SQS::Queue") == metrics.count("ApproximateNumberOfMessagesVisible") + work, name
        for metric in ("ExecutionsFailed", "ExecutionsTimedOut"):
            assert metrics.count(metric) == number(templates, "AWS::StepFunctions::StateMachine"), name
        for metric in ("ReadThrottleEvents", "WriteThrottleEvents"):
            assert metrics.count(metric) == number(templates, "AWS::DynamoDB::Table"), name
        assert metrics.count("ACUUtilization") == number(templates, "AWS::RDS::DBCluster") == 1
        for metric in ("Invocation5XXErrors", "ModelLatency", "Invocation4XXErrors"):
            assert metrics.count(metric) >= number(templates, "AWS::SageMaker::Endpoint"), name
    assert len(environments["staging"].of("serving", "AWS::SageMaker::Endpoint")) == 1


@pytest.mark.capability("O2")
def test_a_feature_that_is_hurt_is_told_once_and_its_single_alarms_elsewhere(dev: Any, prod: Any) -> None:
    hurt = prod.of("observability", "AWS::CloudWatch::CompositeAlarm")
    single = prod.of("observability", "AWS::CloudWatch::Alarm")
    names = {
        name for name, item in prod["observability"]["Resources"].items() if item["Type"] == "AWS::CloudWatch::Alarm"
    }
    referred = {
        name for item in hurt for name in re.findall(r'"Ref": "(\w+)"', json.dumps(item["Properties"]["AlarmRule"]))
    }

    assert referred == names, "each alarm belongs to a feature"
    assert {json.dumps(item["Properties"]["AlarmActions"]) for item in hurt}.isdisjoint(
        json.dumps(item["Properties"]["AlarmActions"]) for item in single
    )
    assert all(item["Properties"]["OKActions"] == item["Properties"]["AlarmActions"] for item in hurt)
    assert "Gateway is hurt" in json.dumps(hurt)
    assert len(prod.of("foundation", "AWS::SNS::Topic")) == 2
    assert not dev.of("observability", "AWS::CloudWatch::CompositeAlarm"), "dev costs next to nothing"
    assert len(dev.of("foundation", "AWS::SNS::Topic")) == 1


@pytest.mark.capability("O2")
def test_every_log_group_ends_and_is_encrypted_where_the_environment_has_a_key(environments: dict[str, Any]) -> None:
    seen = 0
    for name, templates in environments.items():
        for part in templates:
            for item in templates.of(part, "AWS::Logs::LogGroup"):
                seen += 1
                assert item["Properties"]["RetentionInDays"] >= 1, (name, part)
                assert ("KmsKeyId" in item["Properties"]) == (name in ("staging", "prod")), (name, part)
    assert seen > 100


COMMANDS = re.compile(r"(fields|filter|stats|sort|limit|parse|display|dedup) \S")
STATS = re.compile(r"stats (\w+\([^)]*\)( as \w+)?(, )?)+( by [\w@]+(\([^)]*\))?(, \w+)*)?")


@pytest.mark.capability("O2")
def test_saved_queries_are_of_the_functions_logs_and_read_as_logs_insights_does(prod: Any) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html"""
    queries = [item["Properties"] for part in prod for item in prod.of(part, "AWS::Logs::QueryDefinition")]

    assert {"slipway/prod/gateway/errors", "slipway/prod/ingestion/documents by outcome"} <= {
        q["Name"] for q in queries
    }
    for query in queries:
        assert query["LogGroupNames"]
        for command in query["QueryString"].split("\n| "):
            assert COMMANDS.match(command), command
            assert not command.startswith("stats") or STATS.fullmatch(command), command
            assert command.count("(") == command.count(")") and command.count('"') % 2 == 0
