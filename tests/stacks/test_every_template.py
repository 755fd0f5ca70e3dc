"""What holds for every stack of every shipped environment."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cfnlint.api
import cfnlint.config
import pytest
from cfnlint.core import get_rules

IAM_DOCUMENTS = ("PolicyDocument", "KeyPolicy", "AssumeRolePolicyDocument", "ResourcePolicy")
NAMES = sorted(path.stem for path in (Path(__file__).parents[2] / "config").glob("*.yaml"))
BACKBONE = ("foundation", "network", "retrieval", "ingestion", "gateway", "observability")


def every_template(environments: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, templates in environments.items():
        for part, template in templates.items():
            yield f"{name}/{part}", template


def statements(template: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        documents = [properties[name] for name in IAM_DOCUMENTS if name in properties]
        documents += [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
        for document in documents:
            yield from document.get("PolicyDocument", document)["Statement"]  # a table has it one level deeper


def test_stacks_are_named_by_environment_and_part(environments: dict[str, Any]) -> None:
    for parts in map(list, environments.values()):
        backbone = [part for part in parts if part in BACKBONE]
        assert backbone == [part for part in BACKBONE if part in parts]
        assert parts[-1] == "observability", "it watches all others"
    assert {"network", "corpus"}.isdisjoint(environments["dev"])
    assert {"network", "corpus"} <= set(environments["prod"])


def test_no_stack_exports_or_imports_a_value(environments: dict[str, Any]) -> None:
    for where, template in every_template(environments):
        assert "Fn::ImportValue" not in json.dumps(template), where
        assert not [output for output in template.get("Outputs", {}).values() if "Export" in output], where


def test_no_allowed_action_is_a_wildcard(environments: dict[str, Any]) -> None:
    seen = 0
    for where, template in every_template(environments):
        for statement in statements(template):
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            seen += len(actions)
            assert statement["Effect"] == "Deny" or not any("*" in action for action in actions), (where, statement)
    assert seen > 300


def test_every_name_that_is_looked_up_is_published_by_an_earlier_stack(environments: dict[str, Any]) -> None:
    for templates in environments.values():
        assert templates.unpublished() == []
        assert len(templates.of("gateway", "AWS::SSM::Parameter")) >= 9


def test_every_stack_is_protected_where_the_settings_say_so(environments: dict[str, Any]) -> None:
    assert environments["prod"].protected == set(environments["prod"])
    assert environments["dev"].protected == set()


def test_stacks_stay_far_from_cloudformations_limit(environments: dict[str, Any]) -> None:
    for where, template in every_template(environments):
        assert len(template["Resources"]) < 200, f"{where}: CloudFormation allows 500"


def test_no_arn_names_a_partition(environments: dict[str, Any]) -> None:
    for where, template in every_template(environments):
        assert "arn:aws:" not in json.dumps(template), where


def test_every_function_is_small_traced_to_its_handler_and_logs_with_a_retention(environments: dict[str, Any]) -> None:
    for where, template in every_template(environments):
        for resource in template["Resources"].values():
            if resource["Type"] != "AWS::Lambda::Function":
                continue
            function = resource["Properties"]
            assert function["Runtime"] == "python3.13", where
            assert function["Architectures"] == ["arm64"], where
            assert function["Handler"].startswith("slipway_runtime.handlers."), where
            group = template["Resources"][function["LoggingConfig"]["LogGroup"]["Ref"]]
            assert group["Properties"]["RetentionInDays"] in {7, 30, 365}, where


@pytest.mark.parametrize("name", NAMES)
def test_cfn_lint_finds_nothing(environments: dict[str, Any], name: str) -> None:
    # W3005: the library writes DependsOn beside a reference to the same role, which is redundant and harmless.
    options = cfnlint.config.ManualArgs(regions=["us-east-1", "eu-west-1"], ignore_checks=["W3005"])
    rules = get_rules([], ["W3005"], [])

    for part, template in environments[name].items():
        found = cfnlint.api.lint(json.dumps(template, indent=1), rules, config=options)
        assert [str(match) for match in found] == [], part
