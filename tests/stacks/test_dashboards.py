"""Dashboards: by subject, and of nothing that nobody measures."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.emitted import emitted

AWS = json.loads((Path(__file__).parent / "aws_metrics.json").read_text())
SEARCH = re.compile(r"SEARCH\('\{([^}]+)\} MetricName=\"([^\"]+)\"( [a-z]+=\"[^\"]+\")*', '[A-Za-z0-9]+', 300\)")
BOARDS = {"platform", "retrieval", "endpoints", "training", "cost", "quality", "tenant"}


def bodies(templates: Any) -> dict[str, list[dict[str, Any]]]:
    """Return the widgets of each dashboard by its name; tokens are the word `token`."""
    found = {}
    for item in templates.of("observability", "AWS::CloudWatch::Dashboard"):
        delimiter, parts = item["Properties"]["DashboardBody"]["Fn::Join"]
        body = delimiter.join(part if isinstance(part, str) else "token" for part in parts)
        found[item["Properties"]["DashboardName"]] = json.loads(body)["widgets"]
    return found


def metrics(templates: Any) -> Iterator[tuple[str, str, frozenset[str], dict[str, str]]]:
    """Yield namespace, name, dimensions, and the values that the dashboard names of them."""
    for widgets in bodies(templates).values():
        for widget in widgets:
            for *path, last in widget["properties"]["metrics"]:
                if "expression" in last:
                    schema, name, _ = SEARCH.fullmatch(last["expression"]).groups()  # type: ignore[union-attr]
                    namespace, *dimensions = schema.split(",")
                    yield namespace, name, frozenset(dimensions), {}
                else:
                    namespace, name, *pairs = path
                    told = dict(zip(pairs[::2], pairs[1::2], strict=True))
                    yield namespace, name, frozenset(told), told


@pytest.mark.capability("O1")
def test_production_has_a_dashboard_for_each_subject_and_development_the_one_of_the_platform(
    dev: Any, prod: Any, environments: dict[str, Any]
) -> None:
    assert set(bodies(prod)) == {f"slipway-prod-{board}" for board in BOARDS}
    assert set(bodies(dev)) == {"slipway-dev-platform"}
    assert any(
        "assistant" in widget["properties"]["title"]
        for widget in bodies(environments["staging"])["slipway-staging-endpoints"]
    )


@pytest.mark.capability("O1")
def test_each_metric_on_a_dashboard_is_emitted_by_our_code_or_documented_by_aws(environments: dict[str, Any]) -> None:
    """Documented: the page that aws_metrics.json names for the namespace lists name and dimensions."""
    ours, seen = emitted(), set()
    for name, templates in environments.items():
        services = {
            item["Properties"]["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
            for part in templates
            for item in templates.of(part, "AWS::Lambda::Function")
            if "Environment" in item["Properties"]
        }
        for namespace, metric, dimensions, told in metrics(templates):
            where = f"{name}: {namespace} {metric} {sorted(dimensions)}"
            seen.add(namespace)
            if namespace == "Slipway":
                assert dimensions in ours.get(metric, set()), where
                assert told.get("service", "chat") in services, where
                assert told.get("environment", name) == name, where
            else:
                assert metric in AWS[namespace]["metrics"], where
                assert sorted(dimensions) in [sorted(each) for each in AWS[namespace]["dimensions"]], where
    assert {"Slipway", "AWS/Lambda", "AWS/Bedrock", "AWS/DynamoDB"} <= seen


@pytest.mark.capability("O1")
def test_graphs_lie_side_by_side_and_none_on_another(prod: Any) -> None:
    for widgets in bodies(prod).values():
        places = [(widget["y"], widget["x"]) for widget in widgets]
        assert places == sorted(set(places))
        assert {x for _, x in places} <= {0, 8, 16}
        assert {widget["properties"]["region"] for widget in widgets} == {"token"}


@pytest.mark.capability("O1")
def test_what_is_off_is_on_no_dashboard(synthesise: Callable[[str], Any]) -> None:
    found = bodies(synthesise("observability: {dashboards: [cost, tenant, quality]}"))

    assert set(found) == {"slipway-trial-quality"}, "without meters nothing tells of cost and tenants"
    assert "Prompts taken back" not in json.dumps(found)
