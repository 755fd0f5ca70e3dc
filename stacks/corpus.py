"""Corpus: the whole raw bucket made into curated documents, by a Distributed Map or by Spark, and their catalogue."""

import json

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from slipway_constructs.acknowledgement import acknowledge
from slipway_constructs.curated_catalogue import CuratedCatalogue
from slipway_constructs.permissions import acknowledge_wildcards, allow, allow_key, statement
from slipway_constructs.python_function import FunctionDefaults, PythonFunction
from slipway_constructs.spark_job import SparkCode, SparkJob
from stacks.corpus_flow import JOB_OUTPUT, definition
from stacks.settings import Settings
from stacks.slipway_stack import CODE_EXCLUDES, ROOT, SlipwayStack

TIMEOUT = cdk.Duration.minutes(15)  # Lambda's longest
MEGABYTE = 1_000_000
READ_REASON = "A run reads any object of the raw bucket, under keys of tenants' own choice."
WRITE_REASON = "A run writes under keys of its sources, its day and its own id, none of them known before."
DELIVERY_REASON = (
    "CloudWatch Logs and X-Ray take no resource for these actions. Source: Step Functions, logging policy."
)
EXECUTIONS_REASON = "The children of a map run are executions of this one state machine with names made by it."


class CorpusStack(SlipwayStack):
    """Starts by one StartExecution: {"via": "map" | "spark", "prefix", "run_id", "date"}; returns the report."""

    def __init__(self, scope: Construct, *, name: str, settings: Settings) -> None:
        super().__init__(scope, "corpus", name=name, settings=settings)
        corpus = settings.ingestion.corpus
        names = self._engines() if corpus.map or corpus.spark != "none" else {}
        if corpus.catalogue:
            names["database-name"] = self._catalogue().database.ref
        self.publish(names)

    def _engines(self) -> dict[str, str]:
        corpus, defaults = self.settings.ingestion.corpus, self.function_defaults("ingest")
        report = self._report(defaults)
        curate = self._curate(defaults) if corpus.map else None
        spark = self._spark() if corpus.spark == "glue" else None
        machine = self._machine(report, curate, spark)
        names = {"state-machine-arn": machine.state_machine_arn, "report-function-name": report.function.function_name}
        if curate:
            names["curate-function-name"] = curate.function.function_name
        if spark:
            names["job-name"] = spark.name
        return names

    def _catalogue(self) -> CuratedCatalogue:
        return CuratedCatalogue(
            self,
            "Catalogue",
            name=f"slipway_{self.environment_name.replace('-', '_')}",
            bucket_name=self.look_up("foundation", "curated-bucket-name"),
            readers=self.settings.ingestion.corpus.readers,
        )

    def _report(self, defaults: FunctionDefaults) -> PythonFunction:
        report = PythonFunction(
            self,
            "Report",
            module="corpus_report",
            description="Adds up the books of a run over the corpus",
            defaults=defaults,
            timeout=cdk.Duration.minutes(5),
            memory=cdk.Size.mebibytes(512),
            variables={"CURATED_BUCKET": self.look_up("foundation", "curated-bucket-name")},
        )
        self._allow_output(report.role)
        return report

    def _curate(self, defaults: FunctionDefaults) -> PythonFunction:
        curate = PythonFunction(
            self,
            "Curate",
            module="curate_batch",
            description="Curates a batch of the corpus",
            defaults=defaults,
            timeout=TIMEOUT,
            memory=cdk.Size.mebibytes(1792),  # one whole CPU
            variables={
                "RAW_BUCKET": self.look_up("foundation", "raw-bucket-name"),
                "CURATED_BUCKET": self.look_up("foundation", "curated-bucket-name"),
                "MAX_DOCUMENT_BYTES": str(self.settings.ingestion.max_document_megabytes * MEGABYTE),
            },
        )
        self._allow_input(curate.role)
        self._allow_output(curate.role)
        return curate

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
                "--max-document-bytes": str(self.settings.ingestion.max_document_megabytes * MEGABYTE),
            },
            workers=corpus.workers,
            timeout=cdk.Duration.minutes(corpus.timeout_minutes),
        )
        self._allow_input(job.role)
        self._allow_output(job.role)
        return job

    def _allow_input(self, role: iam.Role) -> None:
        bucket = self._bucket("raw")
        allow(role, ["s3:GetObject"], [f"{bucket}/*"], wildcard_reason=READ_REASON)
        allow(role, ["s3:ListBucket"], [bucket])

    def _allow_output(self, role: iam.Role) -> None:
        bucket, key = self._bucket("curated"), self.key()
        written = [f"{bucket}/{folder}/*" for folder in ("corpus", "corpus-rejects", JOB_OUTPUT)]
        allow(role, ["s3:PutObject"], written, wildcard_reason=WRITE_REASON)
        allow(role, ["s3:GetObject"], [f"{bucket}/{JOB_OUTPUT}/*"], wildcard_reason=WRITE_REASON)
        allow(role, ["s3:ListBucket"], [bucket])
        allow_key(role, key.key_arn if key else None)

    def _bucket(self, name: str) -> str:
        resource = self.look_up("foundation", f"{name}-bucket-name")
        return self.format_arn(service="s3", region="", account="", resource=resource)

    def _machine(
        self, report: PythonFunction, curate: PythonFunction | None, spark: SparkJob | None
    ) -> sfn.StateMachine:
        role = iam.Role(self, "MachineRole", assumed_by=iam.ServicePrincipal("states.amazonaws.com"))
        flow = definition(
            partition=self.partition,
            curate=curate.function.function_arn if curate else None,
            report=report.function.function_arn,
            raw=self.look_up("foundation", "raw-bucket-name"),
            curated=self.look_up("foundation", "curated-bucket-name"),
            concurrency=self.settings.ingestion.max_concurrency,
            job=spark.name if spark else None,
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
            definition_body=sfn.DefinitionBody.from_string(json.dumps(flow)),
            role=role,
            logs=sfn.LogOptions(destination=group, level=sfn.LogLevel.ALL, include_execution_data=False),
            tracing_enabled=True,
            timeout=cdk.Duration.days(7),
        )
        acknowledge(role, "AwsSolutions-IAM5[Resource::*]", DELIVERY_REASON)
        functions = [one.function.function_arn for one in (report, curate) if one]
        allow(role, ["lambda:InvokeFunction"], functions)
        if curate:
            self._permit_map(role, machine)
        if spark:
            self._permit_spark(role, spark)
        return machine

    def _permit_map(self, role: iam.Role, machine: sfn.StateMachine) -> None:
        results = f"{self._bucket('curated')}/{JOB_OUTPUT}/*"
        writes = ["s3:PutObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"]
        allow(role, ["s3:ListBucket"], [self._bucket("raw")])
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
