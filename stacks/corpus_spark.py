"""Spark over the corpus, on Glue or on EMR Serverless: one script, one set of rules, one set of permissions."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from slipway_constructs.emr_serverless_job import EmrServerlessJob, JobLogs
from slipway_constructs.permissions import allow
from slipway_constructs.spark_job import SparkCode, SparkJob
from stacks.settings_ocr import recognises
from stacks.slipway_stack import CODE_EXCLUDES, LAYER_CACHE, ROOT, SlipwayStack

MEGABYTE = 1_000_000
JOB = ROOT / "jobs" / "prepare_corpus"
# What each run says for itself: the script's argument, and the member of the execution's input.
OWN = {"--run-id": "run_id", "--date": "date", "--prefix": "prefix", "--acknowledged": "acknowledged"}
# Step Functions makes it, to hear of a run's end.
RULE = "StepFunctionsGetEventsForEMRServerlessJobRule"
RUNS_REASON = "EMR names the runs of the application, none of them known before."


@dataclass(frozen=True, kw_only=True)
class Spark:
    """What runs the script: the states from `Spark` on, which end in `Report`, the job's role, names to publish.

    `permit` lets the role of a state machine start and follow runs.
    """

    states: dict[str, Any]
    role: iam.Role
    names: dict[str, str]
    permit: Callable[[iam.Role], None]


def spark(stack: SlipwayStack, *, rules: str, near_duplicates: str) -> Spark | None:
    """Return the engine that the settings name, None where they name none."""
    engine = stack.settings.ingestion.corpus.spark
    if engine == "none":
        return None
    ingestion = stack.settings.ingestion
    arguments = {
        "--input": f"s3://{stack.look_up('foundation', 'raw-bucket-name')}",
        "--output": f"s3://{stack.look_up('foundation', 'curated-bucket-name')}",
        "--rules": rules,
        "--max-document-bytes": str(ingestion.max_document_megabytes * MEGABYTE),
        "--near-duplicates": near_duplicates,
        "--ocr": "yes" if recognises(ingestion) else "no",
        "--leave-open": "yes",
    }
    return _glue(stack, arguments) if engine == "glue" else _emr_serverless(stack, arguments)


def _glue(stack: SlipwayStack, arguments: dict[str, str]) -> Spark:
    corpus = stack.settings.ingestion.corpus
    job = SparkJob(
        stack,
        "Spark",
        description="Curates the corpus on Spark, by the rules of the document path",
        code=_code("lambda/requirements/ingest.txt"),
        arguments=arguments,
        workers=corpus.workers,
        timeout=cdk.Duration.minutes(corpus.timeout_minutes),
    )
    own = {f"{argument}.$": f"$.{name}" for argument, name in OWN.items()}
    start = _task(stack, "glue:startJobRun.sync", {"JobName": job.name, "Arguments": own})
    arn = stack.format_arn(service="glue", resource="job", resource_name=job.name)
    actions = ["glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"]
    return Spark(
        states={"Spark": start},
        role=job.role,
        names={"job-name": job.name},
        permit=lambda role: allow(role, actions, [arn]),
    )


def _emr_serverless(stack: SlipwayStack, arguments: dict[str, str]) -> Spark:
    corpus = stack.settings.ingestion.corpus
    job = EmrServerlessJob(
        stack,
        "EmrServerless",
        code=_code("jobs/prepare_corpus/emr_serverless.txt"),
        cache=LAYER_CACHE,
        arguments=arguments,
        workers=corpus.workers,
        timeout=cdk.Duration.minutes(corpus.timeout_minutes),
        log=JobLogs(retention=stack.log_retention, removal=stack.removal, key=stack.key()),
    )
    own = ", ".join(f"States.Format('{argument}={{}}', $.{name})" for argument, name in OWN.items())
    gather = {
        "Type": "Pass",
        "Parameters": {"every": job.arguments, "own.$": f"States.Array({own})"},
        "ResultPath": "$.arguments",
        "Next": "SparkRun",
    }
    start = _task(stack, "emr-serverless:startJobRun.sync", job.start("$.arguments[*][*]"))
    return Spark(
        states={"Spark": gather, "SparkRun": start},
        role=job.role,
        names={"application-id": job.application_id},
        permit=lambda role: _permit_runs(stack, role, job),
    )


def _permit_runs(stack: SlipwayStack, role: iam.Role, job: EmrServerlessJob) -> None:
    """Source: Step Functions developer guide, "IAM policies for calling EMR Serverless", StartJobRun, .sync."""
    application = job.application.attr_arn
    allow(role, ["emr-serverless:StartJobRun"], [application])
    runs = ["emr-serverless:GetJobRun", "emr-serverless:CancelJobRun"]
    allow(role, runs, [f"{application}/jobruns/*"], wildcard_reason=RUNS_REASON)
    rule = stack.format_arn(service="events", resource="rule", resource_name=RULE)
    allow(role, ["events:DescribeRule", "events:PutRule", "events:PutTargets"], [rule])
    role.add_to_policy(
        iam.PolicyStatement(
            actions=["iam:PassRole"],
            resources=[job.role.role_arn],
            conditions={"StringEquals": {"iam:PassedToService": "emr-serverless.amazonaws.com"}},
        )
    )


def _code(lock: str) -> SparkCode:
    return SparkCode(
        script=JOB / "prepare_corpus.py", packages=ROOT / "lambda", excludes=CODE_EXCLUDES, lock_file=ROOT / lock
    )


def _task(stack: SlipwayStack, resource: str, parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": f"arn:{stack.partition}:states:::{resource}",
        "Parameters": parameters,
        "ResultPath": None,
        "Next": "Report",
    }
