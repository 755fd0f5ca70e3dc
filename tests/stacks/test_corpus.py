"""The corpus stack: what it makes, for which engine, with which permissions, and that off means nothing."""

import json
from typing import Any

import pytest

from slipway_constructs.curated_catalogue import DOCUMENTS
from slipway_runtime.prepare.curate import CuratedDocument

ON = """
removal: destroy
encryption: {customer_managed_key: true}
ingestion:
  corpus:
    {map: true, spark: glue, batch_documents: 7, workers: 3, catalogue: true,
     readers: ["arn:aws:iam::123456789012:role/analysts"]}
  rules: {redact: {kinds: [email]}}
  sources: [{prefix: acme/mail/, rules: {redact: {kinds: [name, email]}}}]
  streaming: {tenants: [acme, globex], interval_seconds: 60}
"""
STEPS = {"Spark": True, "Curate": True, "Compare": False, "Publish": False, "Report": False}  # who reads raw texts


def definition(template: Any) -> dict[str, Any]:
    """Return the state machine's definition, with tokens in place of what is only known when it is deployed."""
    text = template.one("corpus", "AWS::StepFunctions::StateMachine")["DefinitionString"]
    parts = text["Fn::Join"][1] if isinstance(text, dict) else [text]
    found: dict[str, Any] = json.loads("".join(part if isinstance(part, str) else "token" for part in parts))
    return found


@pytest.fixture
def trial(synthesise: Any) -> Any:
    return synthesise(ON)


def test_what_is_off_makes_nothing(synthesise: Any) -> None:
    trial = synthesise("removal: destroy")

    assert "corpus" not in trial
    assert trial.of("ingestion", "AWS::KinesisFirehose::DeliveryStream") == []


@pytest.mark.capability("D8")
def test_the_map_hands_batches_of_the_bucket_to_the_function(trial: Any) -> None:
    states = definition(trial)["States"]

    assert trial.unpublished() == []
    for state in (states["Curate"], states["Publish"]):
        assert state["ItemProcessor"]["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
        assert state["MaxConcurrency"] == 10
    assert states["Curate"]["ItemReader"]["ReaderConfig"] == {"InputType": "JSONL"}
    assert (
        states["Curate"]["ItemReader"]["Parameters"]["Key.$"]
        == "States.Format('corpus-runs/{}/listed.jsonl', $.run_id)"
    )
    assert states["IsAny"]["Choices"] == [{"Variable": "$.begun.listed", "NumericEquals": 0, "Next": "Compare"}]
    assert states["Curate"]["ItemBatcher"]["MaxItemsPerBatch"] == 7
    assert [states[name]["Next"] for name in ("Curate", "Compare", "Publish")] == ["Compare", "MayPublish", "Report"]
    assert states["Spark"]["Next"] == "Report"
    assert states["Spark"]["Resource"].endswith("glue:startJobRun.sync")


@pytest.mark.capability("D8")
def test_the_job_is_glue_5_1_with_locked_packages(trial: Any) -> None:
    job = trial.one("corpus", "AWS::Glue::Job")

    assert (job["GlueVersion"], job["WorkerType"], job["NumberOfWorkers"]) == ("5.1", "G.1X", 3)
    assert job["Timeout"] == 480
    assert job["DefaultArguments"]["--python-modules-installer-option"] == "-r"
    assert job["DefaultArguments"]["--enable-spark-ui"] == "false"


@pytest.mark.capability("D5")
def test_job_and_map_are_told_the_rules_of_the_ingesting_function(trial: Any) -> None:
    rules = trial.function("ingestion", "ingest_document")["Environment"]["Variables"]["RULES"]

    assert json.loads(rules)["sources"][0]["prefix"] == "acme/mail/"
    assert trial.function("corpus", "curate_batch")["Environment"]["Variables"]["RULES"] == rules
    assert trial.one("corpus", "AWS::Glue::Job")["DefaultArguments"]["--rules"] == rules


def test_comprehend_is_allowed_only_where_names_are_redacted(trial: Any, synthesise: Any) -> None:
    without = synthesise(ON.replace("name, ", ""))

    assert {name: "comprehend:DetectEntities" in trial.allowed("corpus", name) for name in STEPS} == STEPS
    assert not any("comprehend:DetectEntities" in without.allowed("corpus", name) for name in STEPS)


def test_only_what_each_part_needs_is_allowed(trial: Any) -> None:
    assert trial.allowed("corpus", "Spark") == {
        *("s3:GetObject", "s3:ListBucket", "s3:PutObject", "s3:AbortMultipartUpload"),
        *("kms:Decrypt", "kms:GenerateDataKey"),
        *("comprehend:DetectEntities", "comprehend:DetectPiiEntities"),
        *("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"),
    }
    removing = {name for name in (*STEPS, "Spark") if "s3:DeleteObjectVersion" in trial.allowed("corpus", name)}
    assert removing == {"Report"}
    assert trial.allowed("corpus", "MapRuns") == {
        "states:StartExecution", "states:DescribeExecution", "states:RedriveExecution", "states:StopExecution"
    }  # fmt: skip


@pytest.mark.capability("D9")
def test_each_tenant_of_the_streams_has_its_own_prefix_as_plain_lines(trial: Any) -> None:
    streams = [item["Properties"] for item in trial.of("ingestion", "AWS::KinesisFirehose::DeliveryStream")]
    destinations = [stream["ExtendedS3DestinationConfiguration"] for stream in streams]

    assert [one["Prefix"].split("!")[0] for one in destinations] == ["acme/stream/", "globex/stream/"]
    errors = [one["ErrorOutputPrefix"].split("!")[0] for one in destinations]
    assert errors == ["_stream-errors/acme/", "_stream-errors/globex/"]
    assert all("!{firehose:error-output-type}" in one["ErrorOutputPrefix"] for one in destinations)
    (key,) = trial.one("ingestion", "AWS::Events::Rule")["EventPattern"]["detail"]["object"]["key"]
    assert key == {"anything-but": {"prefix": "_stream-errors/"}}
    assert {one["CompressionFormat"] for one in destinations} == {"UNCOMPRESSED"}
    assert {one["BufferingHints"]["IntervalInSeconds"] for one in destinations} == {60}


@pytest.mark.capability("D12")
def test_the_catalogue_finds_partitions_without_a_crawler(trial: Any) -> None:
    tables = {
        item["Properties"]["TableInput"]["Name"]: item["Properties"] for item in trial.of("corpus", "AWS::Glue::Table")
    }
    parameters = tables["documents"]["TableInput"]["Parameters"]

    assert set(tables) == {"documents", "rejects", "duplicates"}
    assert [key["Name"] for key in tables["documents"]["TableInput"]["PartitionKeys"]] == ["source", "date", "run"]
    assert json.dumps(parameters["storage.location.template"]).endswith(
        '/corpus/source=${source}/date=${date}/run=${run}/"]]}'
    )
    grants = [item["Properties"] for item in trial.of("corpus", "AWS::LakeFormation::PrincipalPermissions")]
    assert {grant["Resource"]["Table"]["Name"] for grant in grants} == set(tables)
    # https://docs.aws.amazon.com/lake-formation/latest/dg/register-data-lake.html
    places = [item["Properties"] for item in trial.of("corpus", "AWS::LakeFormation::Resource")]
    assert sorted(json.dumps(each["ResourceArn"]).rpartition("/")[2].strip('"]}') for each in places) == [
        *("corpus", "corpus-duplicates", "corpus-rejects"),
    ]
    (database,) = trial.of("corpus", "AWS::Glue::Database")
    assert database["Properties"]["DatabaseInput"]["CreateTableDefaultPermissions"] == []


@pytest.mark.capability("D12")
def test_the_table_has_a_column_for_whatever_a_line_holds() -> None:
    assert set(DOCUMENTS) == set(CuratedDocument.__struct_fields__)


def test_failed_runs_and_late_records_are_alarmed(trial: Any) -> None:
    alarms = {item["Properties"]["MetricName"] for item in trial.of("observability", "AWS::CloudWatch::Alarm")}

    assert {"ExecutionsFailed", "ExecutionsTimedOut", "DeliveryToS3.DataFreshness"} <= alarms


def test_functions_of_runs_and_rejects_of_sources_are_alarmed(trial: Any, synthesise: Any) -> None:
    alarms = [item["Properties"] for item in trial.of("observability", "AWS::CloudWatch::Alarm")]
    errors = json.dumps([alarm["Dimensions"] for alarm in alarms if alarm["MetricName"] == "Errors"])
    rejects = [alarm for alarm in alarms if alarm["MetricName"] == "RejectedShare"]
    by_spark = synthesise(ON.replace("map: true", "map: false"))
    few = json.dumps([item["Properties"] for item in by_spark.of("observability", "AWS::CloudWatch::Alarm")])

    for name in ("begin", "curate", "compare", "publish", "report"):
        assert f"corpus{name}functionname" in errors
    assert "corpusbeginfunctionname" in few
    assert "corpuscuratefunctionname" not in few
    sources = {next(one["Value"] for one in each["Dimensions"] if one["Name"] == "source") for each in rejects}
    assert sources == {"acme/mail", "acme/stream", "globex/stream", "others"}
    assert {each["Statistic"] for each in rejects} == {"Average", "Sum"}


@pytest.mark.capability("D8")
def test_a_run_takes_its_id_before_anything_is_read_and_a_batch_may_come_back(trial: Any) -> None:
    found = definition(trial)
    states = found["States"]
    children = states["Curate"]["ItemProcessor"]["States"]

    assert [states["Defaults"]["Next"], states["Begin"]["Next"]] == ["Begin", "MayBegin"]
    assert states["Begin"]["Parameters"]["Payload"] == {"execution.$": "$$.Execution.Id", "run.$": "$"}
    assert (states["MayBegin"]["Default"], states["InvalidRun"]["Type"]) == ("InvalidRun", "Fail")
    assert children["Batch"]["Next"] == "IsWhole"
    assert children["IsWhole"]["Choices"] == [{"Variable": "$.Items", "IsPresent": True, "Next": "Batch"}]
