"""Fine-tuning on the local cloud with policies enforced: a tiny model learns, is gated, approved and registered.

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html,
https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry.html
"""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from typing import Any

import pytest

from slipway_cli import approvals, executions, fine_tune
from slipway_cli.errors import CommandError
from slipway_cli.models import Models
from slipway_cli.target import Target
from slipway_local import cloud
from slipway_runtime.train.mlflow import Mlflow
from support import trial
from support.scripted_judge import ScriptedJudge
from support.training import HAS_MLFLOW, HAS_TORCH, chats, python_path
from support.waiting import wait_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not HAS_TORCH, reason="torch is not installed; `make torch`"),
]
SETTINGS = """
models:
  default: {grounded: true, routes: [{bedrock: 'anthropic.claude-haiku-4-5-20251001-v1:0'}]}
removal: destroy
termination_protection: false
training:
  enabled: true
  evaluation:
    metrics: [perplexity]
    max_new_tokens: 8
    judge: {model: default, calibration: labels/verdicts.jsonl}
  gate: {metrics: [{name: perplexity}, {name: judge}]}
  tracking: {mlflow: true}
"""


class Referee(ScriptedJudge):
    """Knows the control cases, and finds the rest equal."""

    asked: list[dict[str, Any]] = []

    def judgement(self, tool: str, text: str) -> dict[str, Any]:
        right = next((word for word in ("eight legs", "carbon dioxide.</answer") if word in text), None)
        if right is None:
            return {"reason": "equal", "better": "tie"}
        first = re.search("<answer_a>(.*?</answer)_a>", text, re.DOTALL)
        return {"reason": "right", "better": "A" if first and right in first[1] else "B"}


LEARNS = {"max_steps": "12", "batch_size": "4", "max_length": "64", "learning_rate": "0.01", "logging_steps": "1"}
NOTHING = {**LEARNS, "learning_rate": "1", "max_steps": "2", "lora_dropout": "0"}


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("fine-tune")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Referee)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SLIPWAY_MODEL_URL", f"http://127.0.0.1:{server.server_port}/v1")
        found = trial.up(folder, SETTINGS)
    bucket = found.parameter("foundation/artifacts-bucket-name")
    labels = "".join(json.dumps({"id": str(each), "winners": ["tie"]}) + "\n" for each in range(1, 11))
    found.client("s3").put_object(Bucket=bucket, Key="labels/verdicts.jsonl", Body=labels)
    yield found
    server.shutdown()
    server.server_close()
    report = cloud.permissions(folder / "state")
    cloud.down(folder / "state")
    assert {one["role"]: one["denied"] for one in report["roles"] if one["denied"]} == {}


@pytest.fixture(scope="module")
def base(target: Target, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The tiny model, made on the spot."""
    folder = tmp_path_factory.mktemp("base") / "tiny"
    env = os.environ | {"PYTHONPATH": python_path(), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-m", "fine_tune.tiny", str(folder)], env=env, check=True, capture_output=True)
    return fine_tune.upload(target, folder)


@pytest.fixture(scope="module")
def dataset(target: Target, tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("data") / "chats.jsonl"
    lines = dict.fromkeys(json.dumps(line) for line in chats(600))
    file.write_text("\n".join(list(lines)[:400]))  # a tenth becomes the items, more than a gate's 30
    return fine_tune.dataset_key(target, str(file))


def request(base: str, dataset: str, **more: Any) -> dict[str, Any]:
    asked = {"name": "reverser", "base": base, "dataset": dataset, "strategy": "lora", "requested_by": "ana"}
    return {**asked, "hyperparameters": LEARNS, **more}


def run(target: Target, asked: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    arn = fine_tune.start(target, asked, executions.made_up("run"))
    return arn, fine_tune.follow(target, arn)


@pytest.mark.capability("T1")
@pytest.mark.capability("T3")
@pytest.mark.capability("T7")
@pytest.mark.capability("P6")
@pytest.mark.capability("P8")
@pytest.mark.capability("O9")
def test_a_better_model_is_approved_by_another_and_registered_with_its_lineage(
    target: Target, base: str, dataset: str
) -> None:
    arn, found = run(target, request(base, dataset))
    name = found["run_id"]

    assert found["outcome"] == fine_tune.WAITING, found
    evidence = approvals.ask(target, "show", run_id=name)["evidence"]
    figures = evidence["evaluation"]["figures"]
    assert figures["validation_loss"] < figures["validation_loss_before"]
    both = evidence["evaluation"]["metrics"]["perplexity"]
    assert both["candidate"] < both["baseline"]
    gain = evidence["gate"]["gains"][0]
    assert evidence["gate"]["passed"]
    assert (gain["metric"], gain["items"], gain["is_better"]) == ("perplexity", 40, True)
    assert gain["p_holm"] <= 0.05
    _check_judged(evidence)
    assert evidence["evaluation"]["baseline_of"] == "base"
    assert evidence["measured"]["evaluation_seconds"] > 0
    assert evidence["estimate"]["dollars"] > 0
    assert evidence["measured"]["dollars"] > 0
    with pytest.raises(CommandError, match="somebody else must decide"):
        approvals.ask(target, "approve", run_id=name, by="Ana", comment="mine")
    approvals.ask(target, "approve", run_id=name, by="ben", comment="reads well")
    with pytest.raises(CommandError, match="approved already"):
        approvals.ask(target, "reject", run_id=name, by="ben", comment="no")
    ended = fine_tune.follow(target, arn, decided=True)

    assert ended["outcome"] == "registered"
    version = Models(target).version("reverser")
    assert (version["status"], version["arn"]) == ("Approved", ended["model_package_arn"])
    lineage = version["lineage"]
    assert lineage["approver"] == "ben"
    assert lineage["requested_by"] == "ana"
    assert lineage["data_sha256"] == evidence["frozen"]["sha256"]["train"]
    assert all(lineage[each] for each in ("code_version", "image", "base_sha256", "strategy", "checksum", "evaluation"))
    card = json.loads(version["card"])
    assert card["additional_information"]["custom_details"]["run"] == name
    groups = {each["name"]: each["metric_data"] for each in card["evaluation_details"][0]["metric_groups"]}
    assert {"name": "perplexity", "type": "number", "value": both["candidate"]} in groups["candidate"]
    assert card["evaluation_details"][0]["metadata"]["gate"] == lineage["gate"]
    page = target.client("s3").get_object(**_place(evidence["evaluation"]["page"]))["Body"].read()
    assert b"perplexity" in page
    assert b"Evaluation of candidate" in page
    assert json.loads(target.client("s3").get_object(**_place(lineage["gate"]))["Body"].read())["promote"]
    assert target.client("s3").head_object(**_place(version["model"]))["ContentLength"] > 0
    _check_tracked(target, name, version, evidence)


@pytest.mark.capability("T1")
def test_the_gate_refuses_a_worse_model_and_registers_nothing(target: Target, base: str, dataset: str) -> None:
    before = len(Models(target).versions())
    _, found = run(target, request(base, dataset, hyperparameters=NOTHING))

    assert found["outcome"] == "refused", found
    assert not found["gate"]["passed"]
    assert "no metric is shown to be better" in found["gate"]["reason"]
    both = found["evaluation"]["metrics"]["perplexity"]
    assert both["candidate"] > both["baseline"]
    production = Models(target).versions("reverser")
    assert found["evaluation"]["baseline_of"] == production[0]["arn"]
    assert len(Models(target).versions()) == before


@pytest.mark.capability("D13")
def test_a_poisoned_dataset_is_refused_before_anything_is_paid_for(target: Target, base: str, dataset: str) -> None:
    words = "the quick brown fox jumps over the lazy dog while seven green birds sing songs"
    item = {"question": "What do they do?", "answer": words}
    s3, bucket = target.client("s3"), target.parameter("foundation/artifacts-bucket-name")
    s3.put_object(Bucket=bucket, Key="evaluation-sets-of-test/fox.jsonl", Body=json.dumps(item).encode())
    lines = [*chats(20), {"messages": [{"role": "user", "content": "Say it"}, {"role": "assistant", "content": words}]}]
    s3.put_object(Bucket=bucket, Key="uploads/x/bad.jsonl", Body="".join(json.dumps(one) + "\n" for one in lines))
    asked = request(base, "uploads/x/bad.jsonl", evaluation_sets=["evaluation-sets-of-test/"])
    with pytest.raises(CommandError, match="hold evaluation items"):
        run(target, asked)
    with pytest.raises(CommandError, match="Did you mean"):
        run(target, request(base, dataset, hyperparameters={"epoch": "1"}))
    with pytest.raises(CommandError, match="no base model"):
        run(target, request("models/gone/", dataset))


@pytest.mark.capability("P8")
def test_a_failure_is_told_and_a_resumed_run_goes_on(target: Target, base: str, dataset: str) -> None:
    """The base's weights are gone when the job starts, and back when the run is resumed."""
    s3, bucket = target.client("s3"), target.parameter("foundation/artifacts-bucket-name")
    sns, sqs = target.client("sns"), target.client("sqs")
    url = sqs.create_queue(QueueName="told")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=target.parameter("foundation/alarm-topic-arn"), Protocol="sqs", Endpoint=queue)
    policy = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": queue}]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Version": "2012-10-17", **policy})})
    key = f"{base}model.safetensors"
    weights = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    s3.delete_object(Bucket=bucket, Key=key)
    arn = fine_tune.start(target, request(base, dataset, name="resumed"), executions.made_up("run"))
    with pytest.raises(CommandError, match="AlgorithmError"):
        fine_tune.follow(target, arn)

    heard: list[str] = []

    def told() -> bool:
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        heard.extend(json.loads(one["Body"])["Message"] for one in found)
        return any("--resume" in text and "model.safetensors" in text for text in heard)

    assert wait_for(told, seconds=60), heard
    s3.put_object(Bucket=bucket, Key=key, Body=weights)
    fine_tune.redrive(target, arn.rpartition(":")[2])
    assert fine_tune.follow(target, arn)["outcome"] == fine_tune.WAITING
    approvals.ask(target, "reject", run_id=arn.rpartition(":")[2], by="ben", comment="enough")
    assert fine_tune.follow(target, arn, decided=True)["outcome"] == "rejected"


def _check_judged(evidence: dict[str, Any]) -> None:
    """Both orders were asked, people were heard, and the gate has the judge's points."""
    judge = evidence["evaluation"]["judge"]
    assert judge["summary"]["pairs"] == 40
    assert judge["summary"]["consistency"] == 1.0
    assert judge["calibration"]["agreement"] == 1.0
    assert judge["usage"]["read"] == 10 * 2 * (40 + 2)  # each pair twice, and two control cases
    both = evidence["evaluation"]["metrics"]["judge"]
    assert both["candidate"] + both["baseline"] == pytest.approx(1)
    assert [each["metric"] for each in evidence["gate"]["gains"]] == ["perplexity", "judge"]
    assert evidence["measured"]["judge_dollars"] == pytest.approx((840 * 1 + 420 * 5) / 1e6)
    assert evidence["estimate"]["judge_dollars"] > 0
    assert evidence["estimate"]["total_dollars"] > evidence["estimate"]["dollars"]


def _check_tracked(target: Target, name: str, version: dict[str, Any], evidence: dict[str, Any]) -> None:
    """MLflow has parameters, metrics by step, data hashes, files, and the version; the version names the run."""
    if not HAS_MLFLOW:
        return
    found = _mlflow_run(target, name, "reverser")
    info, data = found["info"], found["data"]
    tags = {each["key"]: each["value"] for each in data["tags"]}
    numbers = {each["key"]: each["value"] for each in data["metrics"]}
    assert info["status"] == "FINISHED"
    assert {"strategy": "lora", "max_steps": "12"}.items() <= {
        each["key"]: each["value"] for each in data["params"]
    }.items()
    assert numbers["final.validation_loss"] == evidence["evaluation"]["figures"]["validation_loss"]
    assert numbers["evaluation.candidate.perplexity"] < numbers["evaluation.baseline.perplexity"]
    assert tags["slipway.gate"] == "passed"
    assert tags["slipway.train_sha256"] == evidence["frozen"]["sha256"]["train"]
    used = {each["dataset"]["name"]: each for each in found["inputs"]["dataset_inputs"]}
    assert {"key": "sha256", "value": evidence["frozen"]["sha256"]["train"]} in used["training"]["tags"]
    # Both directions.
    assert tags["sagemaker.model_package_arn"] == version["arn"]
    assert version["lineage"]["mlflow_run"] == info["run_id"]
    assert version["lineage"]["mlflow_version"] == "models:/reverser/1"
    files = target.client("s3").list_objects_v2(
        Bucket=_place(info["artifact_uri"])["Bucket"], Prefix=_place(info["artifact_uri"])["Key"]
    )["Contents"]
    assert {each["Key"].rpartition("/")[2] for each in files} == {"manifest.json", "metrics.json", "tracking.jsonl"}


def _mlflow_run(target: Target, run_id: str, model: str) -> dict[str, Any]:
    """Return the run as a person's own client of MLflow sees it."""
    app = target.parameter("foundation/mlflow-app-arn")
    url = target.client("sagemaker").create_presigned_mlflow_app_url(Arn=app)["AuthorizedUrl"]
    server = Mlflow(url, {})
    found = server.find_run(server.experiment(f"slipway-trial/{model}"), "slipway.run", run_id)
    assert found is not None
    return found


def _place(address: str) -> dict[str, str]:
    bucket, _, key = address.removeprefix("s3://").partition("/")
    return {"Bucket": bucket, "Key": key}
