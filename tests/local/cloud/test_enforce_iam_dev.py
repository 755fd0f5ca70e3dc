"""The product's own permissions: with enforcement on, the dev environment does its work and is allowed little more.

What is evaluated: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html;
the report is our own.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from openai import OpenAI

from slipway_cli.target import find_target
from slipway_local import cloud
from slipway_local.remote import follow
from support.command import BIN, Slipway
from support.waiting import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.capability("O14")]

# What this test's work does not need, and why the templates allow it all the same.
UNUSED = {
    ("Chat", "bedrock:InvokeModel"): "the alias smart, with a model of its own, is asked",
    ("Chat", "bedrock:InvokeModelWithResponseStream"): "a completion is streamed",
    ("Chat", "dynamodb:PutItem"): "examples of a prompt are embedded for the first time",
    ("Chat", "dynamodb:Query"): "a prompt is part of an experiment",
    ("Chat", "dynamodb:UpdateItem"): "a conversation is so long that its beginning is summed up",
    ("Ingest", "rds-data:RollbackTransaction"): "a statement fails within a transaction",
    ("Documents", "rds-data:RollbackTransaction"): "a statement fails within a transaction",
    ("MigrateStore", "rds-data:RollbackTransaction"): "a statement fails within a transaction",
    ("Ingest", "sqs:ChangeMessageVisibility"): "a document that fails for a passing reason is tried again sooner",
    ("Ingest", "s3:GetObject"): "bytes that are indexed already are compared with their curated document",
    ("Ingest", "s3:ListBucket"): "S3 then says of what is not there that it is not there",
    ("Documents", "s3:ListBucket"): "S3 then says of what is not there that it is not there",
    ("Documents", "dynamodb:PutItem"): "the object's own event was quicker to mark the deletion",
    ("Documents", "s3:DeleteObjectVersion"): "the object's own event was quicker to remove the curated document",
    ("Documents", "dynamodb:BatchWriteItem"): "answers of conversations were made from the document",
    ("Documents", "dynamodb:GetItem"): "answers of conversations were made from the document",
    ("Documents", "dynamodb:UpdateItem"): "answers of conversations were made from the document",
    ("Ingest", "dynamodb:Query"): "a version is removed for good while others of its object are there",
    ("Ingest", "sqs:GetQueueUrl"): "the CDK's event source allows it to every consumer",
    ("Erase", "s3:AbortMultipartUpload"): "a large shard is written by others while it is read",
    ("EmptyBuckets", "s3:GetBucketTagging"): "a stack is deleted",
    ("EmptyBuckets", "s3:ListBucketVersions"): "a stack is deleted",
    ("EmptyBuckets", "s3:DeleteObject"): "a stack is deleted, with a bucket that has no versions",
    ("EmptyBuckets", "s3:DeleteObjectVersion"): "a stack is deleted",
}


@pytest.fixture(scope="module")
def slipway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slipway]:
    command = Slipway(tmp_path_factory.mktemp("enforcing-home"))
    assert command.json("local", "up", "--enforce-iam")["enforce_iam"] is True
    yield command
    command.run("local", "down")


@pytest.fixture(scope="module")
def report(slipway: Slipway, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The report after documents came, were asked about, were rejected and went, by both ways out."""
    folder: Path = tmp_path_factory.mktemp("documents") / "notes"
    folder.mkdir()
    for name, subject in (("kettle", "A kettle boils two litres"), ("lamp", "A lamp burns forty hours")):
        (folder / f"{name}.md").write_text(f"# The {name}\n\n{subject} and costs nine crowns.\n")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\n1 0 obj <<")
    ingested = slipway.json("ingest", folder)
    assert (ingested["documents"], len(ingested["rejected"])) == (2, 1)
    assert slipway.json("ask", "How many litres does a kettle boil?")["grounded"] is True
    _converse(find_target(slipway.project, "dev", aws=False).gateway_url, slipway.json("tenants", "create", "guest"))
    listed = {one["path"]: one for one in slipway.json("documents", "--status", "indexed")}
    slipway.json("documents", "delete", listed["notes/kettle.md"]["id"])
    _remove_object(slipway, "lamp.md")
    assert wait_for(lambda: not slipway.json("documents", "--status", "indexed"), seconds=60)
    return dict(slipway.json("local", "permissions"))


def _converse(url: str, made: dict[str, str]) -> None:
    """Ask as another tenant: twice in one conversation, by a prompt of the catalogue, and the same question again."""
    client = OpenAI(base_url=url, api_key=made["key"], max_retries=0)
    prompt = {"messages": [{"role": "user", "content": "Greet {{whom}}"}], "variables": {"whom": {}}}
    client.post("/prompts/greet/versions", body={"prompt": prompt}, cast_to=object)
    client.put("/prompts/greet/labels/production", body={"version": 1}, cast_to=object)
    named = {"prompt": "greet", "variables": {"whom": "Ann"}}
    client.chat.completions.create(model="fast", messages=[], extra_body={"slipway": named})
    for wishes in ({"conversation": "c1"}, {"conversation": "c1"}, {}, {}):
        asked: Any = [{"role": "user", "content": "Is it cold outside?"}]
        client.chat.completions.create(model="fast", messages=asked, user="u1", extra_body={"slipway": wishes})


def _remove_object(slipway: Slipway, name: str) -> None:
    s3 = slipway.place().client("s3")
    for bucket in s3.list_buckets()["Buckets"]:
        for one in s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", ()):
            if one["Key"].endswith(name):
                s3.delete_object(Bucket=bucket["Name"], Key=one["Key"])


def test_the_templates_allow_enough(report: dict[str, Any]) -> None:
    assert report["enforcing"] is True
    assert {one["role"]: one["denied"] for one in report["roles"] if one["denied"]} == {}
    assert sum(one["used"] for one in report["roles"]) > 20


def test_the_templates_allow_no_more_than_has_a_reason(report: dict[str, Any]) -> None:
    unused = {
        (name, one["action"])
        for role in report["roles"]
        for one in role["unused"]
        for name in ("Ingest", "Documents", "MigrateStore", "EmptyBuckets", "Chat", "Authorize")
        if f"-{name}" in role["role"] and not one["action"].startswith("logs:")
    }
    assert unused <= set(UNUSED), unused - set(UNUSED)


def test_a_call_outside_the_policy_is_denied(slipway: Slipway, report: dict[str, Any]) -> None:
    """With the credentials that the environment gives to its own function."""
    endpoint = slipway.json("local", "status")["endpoint_url"]
    place = slipway.place()
    role = next(one["role"] for one in report["roles"] if "-ChatRole" in one["role"])
    given = place.client("sts").assume_role(RoleArn=role, RoleSessionName="outside")["Credentials"]
    keys = (given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    client: Any = boto3.Session(*keys, region_name="us-east-1").client("dynamodb", endpoint_url=endpoint)
    with pytest.raises(ClientError, match="is not authorized to perform: dynamodb:Scan on resource: ") as raised:
        client.scan(TableName="anything")
    assert raised.value.response["Error"]["Code"] == "AccessDeniedException"


def test_the_command_prints_the_variables_of_the_administrator(slipway: Slipway) -> None:
    """As https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html reads them; without, nothing."""
    call = "import boto3; print(len(boto3.client('ssm').describe_parameters()['Parameters']))"
    script = f'eval "$({BIN}/slipway local env)"; {BIN}/python -c "{call}"'
    bare = {name: value for name, value in slipway.env.items() if not name.startswith("AWS_")}
    done = subprocess.run(["bash", "-c", script], env=bare, capture_output=True, text=True, check=False)
    assert int(done.stdout) > 0, done.stderr
    invented = slipway.json("local", "env") | {"AWS_ACCESS_KEY_ID": "x"}
    done = subprocess.run(
        [BIN / "python", "-c", call], env=bare | invented, capture_output=True, text=True, check=False
    )
    assert "UnrecognizedClientException" in done.stderr


def test_stacks_are_deleted_with_the_permissions_they_have(slipway: Slipway, report: dict[str, Any]) -> None:
    """Last of this module: the function that empties buckets is called on the way down."""
    state = slipway.home / "dev"
    # The assets in the toolkit's bucket are the CDK's, not ours to empty.
    names = [name for name in cloud.status(state).stacks if name != "CDKToolkit"]
    done = list(follow(state, "delete", {"stacks": names[::-1]}))[-1]
    assert done == {"done": True, "error": None}
    # A log line may come when the policy that allowed it is gone already.
    denied = {
        one["role"]: calls
        for one in cloud.permissions(state)["roles"]
        if (calls := [call for call in one["denied"] if not call["action"].startswith("logs:")])
    }
    assert [one for one in denied if "-EmptyBuckets" in one] == []
