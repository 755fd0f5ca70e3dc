"""The pipeline of the tooling account, as the shipped settings file makes it, checked by cdk-nag and cfn-lint.

Sources: https://docs.aws.amazon.com/cdk/v2/guide/cdk-pipeline.html,
https://docs.aws.amazon.com/codepipeline/latest/userguide/stage-rollback-auto.html
"""

import json
from pathlib import Path
from typing import Any

import cfnlint.api
import cfnlint.config
import pytest
from cfnlint.core import get_rules

from stacks import application
from stacks.settings_file import SettingsError

ROOT = Path(__file__).parents[2]
FILE = ROOT / "config" / "delivery" / "pipeline.yaml"
ORDER = ["Source", "Build", "UpdatePipeline", "Assets", "Staging", "Prod"]


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Any:
    context = {"aws:cdk:bundling-stacks": [], "delivery": str(FILE)}
    return application.build(outdir=str(tmp_path_factory.mktemp("pipeline")), context=context).synth()


@pytest.fixture(scope="module")
def template(assembly: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        Path(assembly.get_stack_by_name("slipway-delivery").template_full_path).read_text()
    )
    return found


@pytest.fixture(scope="module")
def stages(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    (pipeline,) = resources(template, "AWS::CodePipeline::Pipeline")
    return {stage["Name"]: stage for stage in pipeline["Stages"]}


def resources(template: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [item["Properties"] for item in template["Resources"].values() if item["Type"] == kind]


def specs(template: dict[str, Any]) -> list[str]:
    return [str(project["Source"].get("BuildSpec")) for project in resources(template, "AWS::CodeBuild::Project")]


def test_a_change_goes_through_checks_then_the_environments_in_order(stages: dict[str, Any]) -> None:
    assert list(stages) == ORDER
    (source,) = stages["Source"]["Actions"]
    assert source["Configuration"]["FullRepositoryId"] == "example/slipway"
    assert source["Configuration"]["OutputArtifactFormat"] == "CODEBUILD_CLONE_REF", "with its history"


def test_the_build_checks_before_anything_is_deployed(template: dict[str, Any]) -> None:
    (synth,) = [spec for spec in specs(template) if "make synth" in spec]
    for wanted in ("make check", "make test", "preflight --region eu-west-1 --env prod", "upgrade-check --env staging"):
        assert wanted in synth
    assert synth.index("make test") < synth.index("make synth")


def test_prod_waits_for_a_person_and_staging_does_not(stages: dict[str, Any]) -> None:
    def kinds(stage: str) -> set[str]:
        return {action["ActionTypeId"]["Category"] for action in stages[stage]["Actions"]}

    assert "Approval" in kinds("Prod")
    assert "Approval" not in kinds("Staging")
    first = min(stages["Prod"]["Actions"], key=lambda action: action["RunOrder"])
    assert first["ActionTypeId"]["Category"] == "Approval"


def test_each_environment_is_asked_last_and_goes_back_when_it_fails(
    template: dict[str, Any], stages: dict[str, Any]
) -> None:
    for name in ("Staging", "Prod"):
        last = max(stages[name]["Actions"], key=lambda action: action["RunOrder"])
        assert last["Name"] == f"Ask_{name.lower()}"
        assert stages[name]["OnFailure"] == {"Result": "ROLLBACK"}
    assert "OnFailure" not in stages["Build"]
    (pipeline,) = resources(template, "AWS::CodePipeline::Pipeline")
    assert pipeline["PipelineType"] == "V2", "stages of V1 cannot go back"
    asked = [spec for spec in specs(template) if "tools.integration" in spec]
    assert sum("--ingest" in spec for spec in asked) == 1, "only staging gets documents"


def test_environments_are_deployed_to_their_own_accounts(assembly: Any) -> None:
    for stage, account in (("Staging", "222222222222"), ("Prod", "333333333333")):
        nested = assembly.get_nested_assembly(f"assembly-Delivery-{stage}")
        assert {stack.environment.account for stack in nested.stacks} == {account}
        assert {stack.environment.region for stack in nested.stacks} == {"eu-west-1"}


def test_logical_ids_are_those_of_a_deployment_by_hand(assembly: Any) -> None:
    """Else the first run of the pipeline would replace what `cdk deploy` has made."""
    listed = json.loads((ROOT / "tests" / "stacks" / "stateful_ids.json").read_text())["prod"]
    nested = assembly.get_nested_assembly("assembly-Delivery-Prod")
    there = {
        f"{stack.stack_name.rsplit('-', 1)[1]}/{name}"
        for stack in nested.stacks
        for name in json.loads(Path(stack.template_full_path).read_text())["Resources"]
    }
    assert set(listed) <= there


def test_the_tests_role_trusts_the_pipelines_builds_alone_and_reads_little(assembly: Any) -> None:
    nested = assembly.get_nested_assembly("assembly-Delivery-Prod")
    stack = next(each for each in nested.stacks if each.stack_name == "slipway-prod-delivery")
    template = json.loads(Path(stack.template_full_path).read_text())
    (role,) = resources(template, "AWS::IAM::Role")
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert "111111111111:role/slipway-delivery-*" in json.dumps(trust["Condition"])
    (policy,) = resources(template, "AWS::IAM::Policy")
    actions = [statement["Action"] for statement in policy["PolicyDocument"]["Statement"]]
    assert actions == ["ssm:GetParameter", "secretsmanager:GetSecretValue", ["kms:Decrypt", "kms:GenerateDataKey"]]


def test_failures_and_approvals_are_told(template: dict[str, Any]) -> None:
    (rule,) = resources(template, "AWS::CodeStarNotifications::NotificationRule")
    assert {event.rsplit("-", 1)[-1] for event in rule["EventTypeIds"]} == {"failed", "needed"}


def test_cfn_lint_finds_nothing(template: dict[str, Any]) -> None:
    options = cfnlint.config.ManualArgs(regions=["eu-west-1"], ignore_checks=["W3005"])
    found = cfnlint.api.lint(json.dumps(template, indent=1), get_rules([], ["W3005"], []), config=options)
    assert [str(match) for match in found] == []


def test_mistakes_in_the_file_are_one_message_each(tmp_path: Path) -> None:
    file = tmp_path / "pipeline.yaml"
    for old, new, message in (
        ('"333333333333"', "33", "environments.1.account"),
        ("name: prod", "name: production", "expected files in config/, got production"),
        ("branch: main", "brunch: main", "brunch"),
    ):
        file.write_text(FILE.read_text().replace(old, new))
        with pytest.raises(SettingsError, match=message):
            application.build(outdir=str(tmp_path / "out"), context={"delivery": str(file)})
