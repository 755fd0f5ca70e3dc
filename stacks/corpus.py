"""Corpus: the whole raw bucket made into curated documents, by a Distributed Map or by Spark, and their catalogue."""

import functools
import json
from collections.abc import Callable

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from slipway_constructs.acknowledgement import acknowledge
from slipway_constructs.curated_catalogue import CuratedCatalogue
from slipway_constructs.permissions import acknowledge_wildcards, allow, allow_key, statement
from slipway_constructs.private_network import COMPREHEND_ACTIONS
from slipway_constructs.python_function import FunctionDefaults, PythonFunction
from slipway_constructs.spark_job import SparkCode, SparkJob
from stacks.corpus_flow import JOB_OUTPUT, STAGED, Flow
from stacks.ingestion import COMPREHEND_REASON
from stacks.settings import Settings
from stacks.settings_duplicates import duplicates_document
from stacks.settings_ocr import recognises
from stacks.settings_sources import redacts_names, rules_document
from stacks.slipway_stack import CODE_EXCLUDES, ROOT, SlipwayStack

TIMEOUT = cdk.Duration.minutes(15)  # Lambda's longest
MEGABYTE = 1_000_000
Step = Callable[..., PythonFunction]
PUBLISHED = ("corpus", "corpus-rejects", "corpus-duplicates")
READ_REASON = "A run reads any object of the raw bucket, under keys of tenants' own choice."
TEXTS_REASON = "Recognised texts lie under keys of tenants and documents, any of them."
WRITE_REASON = "A run writes under keys of its sources, its day and its own id, none of them known before."
DELIVERY_REASON = (
    "CloudWatch Logs and X-Ray take no resource for these actions. Source: Step Functions, logging policy."
)
EXECUTIONS_REASON = "The children of a map run are executions of this one state machine with names made by it."


class CorpusStack(SlipwayStack):
    """Starts by one StartExecution: {"via": "map" | "spark", "run_id", "date", "prefix"?, "acknowledged"?}.

    Returns the report; fails as NeedsDecision where a source would lose too much.
    """

    def __init__(self, scope: Construct, *, name: str, settings: Settings) -> None:
        super().__init__(scope, "corpus", name=name, settings=settings)
        corpus = settings.ingestion.corpus
        names = self._engines() if corpus.map or corpus.spark != "none" else {}
        if corpus.catalogue:
            names["database-name"] = self._catalogue().database.ref
        self.publish(names)

    def _engines(self) -> dict[str, str]:
        corpus, step = self.settings.ingestion.corpus, functools.partial(self._step, self.function_defaults("ingest"))
        functions = {"report": step("Report", "corpus_report", "Adds up the books of a run over the corpus", 512)}
        if corpus.map:
            functions["curate"] = self._curate(step)
            # Fingerprints of some hundred thousand documents, and what is compared of them.
            functions["compare"] = step("Compare", "corpus_compare", "Finds duplicates in the corpus", 3008)
            functions["publish"] = step("Publish", "corpus_publish", "Publishes curated parts", 1024)
        spark = self._spark() if corpus.spark == "glue" else None
        machine = self._machine({name: one.function.function_arn for name, one in functions.items()}, spark)
        return {
            "state-machine-arn": machine.state_machine_arn,
            **{f"{name}-function-name": one.function.function_name for name, one in functions.items()},
            **({"job-name": spark.name} if spark else {}),
        }

    def _catalogue(self) -> CuratedCatalogue:
        return CuratedCatalogue(
            self,
            "Catalogue",
            name=f"slipway_{self.environment_name.replace('-', '_')}",
            bucket_name=self.look_up("foundation", "curated-bucket-name"),
            readers=self.settings.ingestion.corpus.readers,
        )

    def _step(
        self,
        defaults: FunctionDefaults,
        construct_id: str,
        module: str,
        description: str,
        megabytes: int,
        variables: dict[str, str] | None = None,
    ) -> PythonFunction:
        step = PythonFunction(
            self,
            construct_id,
            module=module,
            description=description,
            defaults=defaults,
            timeout=TIMEOUT,
            memory=cdk.Size.mebibytes(megabytes),
            variables={
                "CURATED_BUCKET": self.look_up("foundation", "curated-bucket-name"),
                "NEAR_DUPLICATES": self._near_duplicates(),
                **(variables or {}),
            },
        )
        self._allow_output(step.role)
        return step

    def _curate(self, step: Step) -> PythonFunction:
        variables = {
            "RAW_BUCKET": self.look_up("foundation", "raw-bucket-name"),
            "RULES": self._rules(),
            "MAX_DOCUMENT_BYTES": str(self.settings.ingestion.max_document_megabytes * MEGABYTE),
            **({"OCR": self.settings.ingestion.ocr} if recognises(self.settings.ingestion) else {}),
        }
        # One whole CPU.
        curate = step("Curate", "curate_batch", "Curates a batch of the corpus", 1792, variables)
        self._allow_input(curate.role)
        return curate

    def _rules(self) -> str:
        return rules_document(self.settings.ingestion.rules, self.settings.ingestion.sources)

    def _near_duplicates(self) -> str:
        ingestion = self.settings.ingestion
        return duplicates_document(ingestion.near_duplicates, ingestion.sources) or "{}"

    def _spark(self) -> SparkJob:
        corpus = self.settings.ingestion.corpus
        job = SparkJob(
            self,
            "Spark",
            description="Curates the corpus on Spark, by the rules of the document path",
            code=SparkCode(
                script=ROOT / "jobs" / "prepare_corpus" / "prepare_corpus.py",
                packages=ROOT / "lambda",
                excludes=CODE_EXCLUDES,
                lock_file=ROOT / "lambda" / "requirements" / "ingest.txt",
            ),
            arguments={
                "--input": f"s3://{self.look_up('foundation', 'raw-bucket-name')}",
                "--output": f"s3://{self.look_up('foundation', 'curated-bucket-name')}",
                "--rules": self._rules(),
                "--max-document-bytes": str(self.settings.ingestion.max_document_megabytes * MEGABYTE),
                "--near-duplicates": self._near_duplicates(),
                "--ocr": "yes" if recognises(self.settings.ingestion) else "no",
                "--leave-open": "yes",
            },
            workers=corpus.workers,
            timeout=cdk.Duration.minutes(corpus.timeout_minutes),
        )
        self._allow_input(job.role)
        self._allow_output(job.role)
        return job

    def _allow_input(self, role: iam.Role) -> None:
        bucket = self.bucket_arn("raw")
        allow(role, ["s3:GetObject"], [f"{bucket}/*"], wildcard_reason=READ_REASON)
        allow(role, ["s3:ListBucket"], [bucket])
        if redacts_names(self.settings.ingestion.rules, self.settings.ingestion.sources):
            allow(role, COMPREHEND_ACTIONS, ["*"], wildcard_reason=COMPREHEND_REASON)
        if recognises(self.settings.ingestion):
            texts = f"{self.bucket_arn('curated')}/ocr/*"
            allow(role, ["s3:GetObject"], [texts], wildcard_reason=TEXTS_REASON)

    def _allow_output(self, role: iam.Role) -> None:
        bucket, key = self.bucket_arn("curated"), self.key()
        written = [f"{bucket}/{folder}/*" for folder in (*PUBLISHED, JOB_OUTPUT, STAGED)]
        allow(role, ["s3:PutObject"], written, wildcard_reason=WRITE_REASON)
        allow(role, ["s3:GetObject"], written[-2:], wildcard_reason=WRITE_REASON)
        allow(role, ["s3:DeleteObject"], written[-1:], wildcard_reason=WRITE_REASON)
        allow(role, ["s3:ListBucket"], [bucket])
        allow_key(role, key.key_arn if key else None)

    def _machine(self, functions: dict[str, str], spark: SparkJob | None) -> sfn.StateMachine:
        role = iam.Role(self, "MachineRole", assumed_by=iam.ServicePrincipal("states.amazonaws.com"))
        flow = Flow(
            partition=self.partition,
            curate=functions.get("curate"),
            compare=functions.get("compare"),
            publish=functions.get("publish"),
            report=functions["report"],
            job=spark.name if spark else None,
            raw=self.look_up("foundation", "raw-bucket-name"),
            curated=self.look_up("foundation", "curated-bucket-name"),
            concurrency=self.settings.ingestion.max_concurrency,
            batch_documents=self.settings.ingestion.corpus.batch_documents,
        )
        group = logs.LogGroup(
            self,
            "Executions",
            # Under this prefix the resource policy of CloudWatch Logs does not grow by each state machine.
            log_group_name=f"/aws/vendedlogs/states/slipway-{self.environment_name}-corpus",
            retention=self.log_retention,
            removal_policy=self.removal,
            encryption_key=self.key(),
        )
        machine = sfn.StateMachine(
            self,
            "Machine",
            definition_body=sfn.DefinitionBody.from_string(json.dumps(flow.definition())),
            role=role,
            logs=sfn.LogOptions(destination=group, level=sfn.LogLevel.ALL, include_execution_data=False),
            tracing_enabled=True,
            timeout=cdk.Duration.days(7),
        )
        acknowledge(role, "AwsSolutions-IAM5[Resource::*]", DELIVERY_REASON)
        allow(role, ["lambda:InvokeFunction"], list(functions.values()))
        if "curate" in functions:
            self._permit_map(role, machine)
        if spark:
            self._permit_spark(role, spark)
        return machine

    def _permit_map(self, role: iam.Role, machine: sfn.StateMachine) -> None:
        results = f"{self.bucket_arn('curated')}/{JOB_OUTPUT}/*"
        writes = ["s3:PutObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"]
        allow(role, ["s3:ListBucket"], [self.bucket_arn("raw"), self.bucket_arn("curated")])
        allow(role, writes, [results], wildcard_reason=WRITE_REASON)
        key = self.key()
        allow_key(role, key.key_arn if key else None)
        # A policy of its own: the machine waits for the role's, which therefore cannot name the machine.
        children = self.format_arn(
            service="states",
            resource="execution",
            resource_name=f"{machine.state_machine_name}/*",
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        own = iam.Policy(self, "MapRuns", roles=[role])
        own.add_statements(
            statement(["states:StartExecution"], [machine.state_machine_arn]),
            statement(["states:DescribeExecution", "states:StopExecution"], [children]),
        )
        acknowledge_wildcards(own, [children], EXECUTIONS_REASON)

    def _permit_spark(self, role: iam.Role, spark: SparkJob) -> None:
        job = self.format_arn(service="glue", resource="job", resource_name=spark.name)
        allow(role, ["glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"], [job])
