"""cdk-nag is at work, and every finding that was accepted has a reason."""

import json
import tarfile
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs

from stacks import acknowledged, application
from stacks.settings import Settings

ACKNOWLEDGED = "aws:cdk:acknowledged-rules"
# The rules that may be accepted at all, beside those of the packs of standards. A new one is a decision, taken here.
ACCEPTABLE = {
    "AwsSolutions-APIG3": "no firewall by setting",
    "AwsSolutions-APIG6": "execution logs",
    "AwsSolutions-COG4": "keys, not people",
    "AwsSolutions-GL1": "logs of the Spark job, without content",
    "AwsSolutions-GL3": "no bookmarks",
    "AwsSolutions-IAM4": "the log role of API Gateway",
    "AwsSolutions-IAM5": "objects of one bucket, regions of one model, network interfaces",
    "AwsSolutions-L1": "Python 3.13",
    "AwsSolutions-RDS10": "deletable by setting",
    "AwsSolutions-SMG4": "rotation",
    "AwsSolutions-SQS3": "a queue of dead letters itself",
    "AwsSolutions-VPC7": "a VPC without traffic",
}


@pytest.fixture(scope="module")
def accepted(assembly: Path) -> list[tuple[str, str]]:
    """Rule and reason of every finding that the shipped environments accept, from the metadata of their stacks."""
    entries = [
        entry
        for file in sorted(assembly.glob("assembly-*/*.metadata.json"))
        for construct in json.loads(file.read_text()).values()
        for entry in construct
        if entry["type"] == ACKNOWLEDGED
    ]
    return [(rule.removeprefix("Annotation::"), why) for entry in entries for rule, why in entry["data"].items()]


def test_every_accepted_finding_has_a_reason_that_a_reviewer_can_judge(accepted: list[tuple[str, str]]) -> None:
    assert len(accepted) > 30
    for rule, reason in accepted:
        assert len(reason.split()) >= 10, rule


def test_only_known_rules_are_accepted(accepted: list[tuple[str, str]]) -> None:
    of_standards = {f"{pack}-{each.rule}" for each in acknowledged.ACCEPTED for pack in each.packs}
    solutions = {rule.split("[")[0] for rule, _ in accepted if rule.startswith("AwsSolutions-")}

    assert solutions == set(ACCEPTABLE)
    assert {rule for rule, _ in accepted if not rule.startswith("AwsSolutions-")} <= of_standards


def test_the_readme_says_how_many_rules_are_accepted() -> None:
    readme = " ".join((application.ROOT / "README.md").read_text().split())
    of_standards = len({each.rule for each in acknowledged.ACCEPTED})

    assert f"{len(ACCEPTABLE)} rules of the AWS Solutions pack and {of_standards} of the others are accepted" in readme


@pytest.mark.parametrize("own_key", [True, False])
def test_what_is_accepted_without_an_own_key_is_found_with_one(tmp_path: Path, own_key: bool) -> None:
    app = cdk.App(outdir=str(tmp_path))
    stage = cdk.Stage(app, "Stage")
    logs.LogGroup(cdk.Stack(stage, "Stack"), "Plain", retention=logs.RetentionDays.ONE_DAY)
    settings = Settings.model_validate({"encryption": {"customer_managed_key": own_key}})
    acknowledged.acknowledge_findings(stage, settings)
    application.add_checks(app)

    if own_key:
        with pytest.raises(RuntimeError, match=r"HIPAA\.Security-CloudWatchLogGroupEncrypted"):
            app.synth()
    else:
        app.synth()


def test_no_action_is_accepted_with_a_wildcard(accepted: list[tuple[str, str]]) -> None:
    assert not [rule for rule, _ in accepted if "Action::" in rule]


def test_a_finding_fails_the_synthesis(tmp_path: Path) -> None:
    app = cdk.App(outdir=str(tmp_path))
    sqs.Queue(cdk.Stack(app, "Stack"), "Open")
    application.add_checks(app)

    with pytest.raises(RuntimeError, match="AwsSolutions-SQS4"):
        app.synth()


def test_the_feature_flags_are_as_the_library_recommends() -> None:
    (archive,) = (Path(cdk.__file__).parent / "_jsii").glob("aws-cdk-lib@*.tgz")
    with tarfile.open(archive) as package:
        member = next(item for item in package if item.name == "package/recommended-feature-flags.json")
        recommended = json.load(package.extractfile(member))  # type: ignore[arg-type]
    flags = json.loads((application.ROOT / "cdk.json").read_text())["context"]
    partitions = flags.pop("@aws-cdk/core:target-partitions")

    assert flags.items() <= recommended.items()
    assert set(partitions) >= set(recommended["@aws-cdk/core:target-partitions"])
