"""The stack of generations: permissions, the state machine, alarms, the models that may be called, and the rules."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stacks.stores import GUARD_GENERATIONS
from support.settings import errors

pytestmark = pytest.mark.capability("R7")
NEXT = {"model_id": "cohere.embed-english-v3", "dimensions": 1024}
LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}


MOVING = f"""
removal: destroy
retrieval:
  store: STORE
  embedding: {{dimensions: 256, next: {json.dumps(NEXT)}}}
reindex: {{enabled: true}}
"""


def test_dev_rebuilds_by_a_distributed_map_that_nothing_makes_fail_silently(dev: Any) -> None:
    text = dev.one("reindex", "AWS::StepFunctions::StateMachine")["DefinitionString"]
    states = json.loads("".join(part if isinstance(part, str) else "token" for part in text["Fn::Join"][1]))["States"]

    rebuild = states["Rebuild"]
    assert rebuild["ItemProcessor"]["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    assert rebuild["ItemReader"]["Parameters"]["Prefix"] == "curated/"
    assert not {"ToleratedFailurePercentage", "ToleratedFailureCount"} & set(rebuild)
    assert states["Grace"] == {"Type": "Wait", "SecondsPath": "$.grace_seconds", "Next": "Remove"}


def test_each_function_may_do_its_part_and_no_more(dev: Any) -> None:
    database = {"rds-data:ExecuteStatement", "rds-data:BeginTransaction", "rds-data:CommitTransaction"}
    database |= {"rds-data:RollbackTransaction", "secretsmanager:GetSecretValue"}
    reads = {"s3:ListBucket", "s3:GetObject", "bedrock:InvokeModel", "dynamodb:GetItem"}

    assert dev.allowed("reindex", "RebuildRole") - LOGS == database | reads
    assert dev.allowed("reindex", "ReindexRole") - LOGS == database | reads | {"dynamodb:PutItem"}
    assert "dynamodb:GetItem" in dev.allowed("gateway", "SearchRole")


def test_runs_and_functions_are_alarmed(dev: Any) -> None:
    alarms = dev.of("observability", "AWS::CloudWatch::Alarm")
    described = " ".join(json.dumps(item["Properties"].get("AlarmDescription", "")) for item in alarms)

    for name in ("Reindexing:", "Reindex:", "ReindexRebuild:"):
        assert name in described


@pytest.mark.parametrize("store", ["opensearch", "s3_vectors"])
def test_one_function_alone_scans_and_deletes(synthesise: Callable[[str], Any], store: str) -> None:
    trial = synthesise(MOVING.replace("STORE", store))
    deletes = {*GUARD_GENERATIONS} - {"dynamodb:BatchGetItem"}
    if store == "s3_vectors":
        deletes |= {"s3vectors:DeleteIndex", "s3vectors:ListIndexes"}

    assert deletes <= trial.allowed("reindex", "ReindexRole")
    for part, role in (("reindex", "RebuildRole"), ("ingestion", "IngestRole"), ("gateway", "SearchRole")):
        assert not deletes & trial.allowed(part, role)


def test_functions_know_and_may_call_both_models(synthesise: Callable[[str], Any]) -> None:
    aurora = synthesise(MOVING.replace("STORE", "aurora"))
    for part, module in (("gateway", "search"), ("ingestion", "ingest_document"), ("retrieval", "migrate_store")):
        variables = aurora.function(part, module)["Environment"]["Variables"]
        assert json.loads(variables["EMBEDDING_NEXT"]) == NEXT
        assert variables["EMBEDDING_DIMENSIONS"] == "256"
        assert variables["GENERATIONS_TABLE"]
    policies = json.dumps(aurora.of("gateway", "AWS::IAM::Policy"))
    assert "foundation-model/cohere.embed-english-v3" in policies
    assert "foundation-model/amazon.titan-embed-text-v2:0" in policies
    (migration,) = aurora.of("retrieval", "Custom::VectorStoreMigration")
    assert json.loads(migration["Properties"]["Models"])[1] == list(NEXT.values())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{next: {dimensions: 1024}}", "another model, or other dimensions"),
        ("{next: {dimensions: 100}}", "retrieval.embedding.next.dimensions"),
        ("{next: {model_id: cohere.embed-v4:0, dimensions: 1536}}", "at most 1024"),
        ("{next: {model_id: mine}}", "retrieval.embedding.next.model_id"),
    ],
)
def test_what_cannot_be_moved_to_is_refused(tmp_path: Path, content: str, said: str) -> None:
    assert said in str(errors(tmp_path, f"retrieval: {{embedding: {content}}}\nreindex: {{enabled: true}}"))


def test_a_next_model_needs_what_moves_the_index_and_takes_the_chunks(tmp_path: Path) -> None:
    moving = MOVING.replace("STORE", "aurora")
    assert "re-indexing is off" in str(errors(tmp_path, moving.replace("true", "false")))
    assert "ingestion.chunk_characters" in str(errors(tmp_path, f"{moving}ingestion: {{chunk_characters: 4000}}"))
