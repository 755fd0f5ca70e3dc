"""Corpus: the whole raw bucket made into curated documents, by a Distributed Map or by Spark, and their catalogue."""

import functools
from collections.abc import Callable

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from slipway_constructs.curated_catalogue import CuratedCatalogue
from slipway_constructs.function_monitor import FunctionMonitor
from slipway_constructs.logged_state_machine import LoggedStateMachine
from slipway_constructs.monitoring import Monitor
from slipway_constructs.permissions import allow, allow_key
from slipway_constructs.python_function import FunctionDefaults, PythonFunction
from slipway_constructs.state_machine_monitor import StateMachineMonitor
from stacks.corpus_flow import JOB_OUTPUT, STAGED, Flow
from stacks.corpus_spark import MEGABYTE, Spark, spark
from stacks.ingestion import COMPREHEND_ACTIONS, COMPREHEND_REASON
from stacks.settings import Settings
from stacks.settings_duplicates import duplicates_document
from stacks.settings_ocr import recognises
from stacks.settings_sources import redacts_names, rules_document
from stacks.slipway_stack import SlipwayStack

TIMEOUT = cdk.Duration.minutes(15)  # Lambda's longest
Step = Callable[..., PythonFunction]
PUBLISHED = ("corpus", "corpus-rejects", "corpus-duplicates")
READ_REASON = "A run reads any object of the raw bucket, under keys of tenants' own choice."
TEXTS_REASON = "Recognised texts lie under keys of tenants and documents, any of them."
WRITE_REASON = "A run writes under keys of its sources, its day and its own id, none of them known before."


class CorpusStack(SlipwayStack):
    """Starts by one StartExecution: {"via": "map" | "spark", "run_id", "date", "prefix"?, "acknowledged"?}.

    Returns the report; fails as NeedsDecision where a source would lose too much.
    """

    def __init__(self, scope: Construct, *, name: str, settings: Settings) -> None:
        super().__init__(scope, "corpus", name=name, settings=settings)
        corpus = settings.ingestion.corpus
        names = self._engines() if corpus.runs else {}
        if corpus.catalogue:
            names["database-name"] = self._catalogue().database.ref
        self.publish(names)

    def _engines(self) -> dict[str, str]:
        corpus, step = self.settings.ingestion.corpus, functools.partial(self._step, self.function_defaults("ingest"))
        report = step("Report", "corpus_report", "Adds up the books of a run over the corpus", 512)
        self._allow_end(report.role)
        begin = self._begin(step)
        functions = {"begin": begin, "report": report}
        if corpus.map:
            functions["curate"] = self._curate(step)
            # Fingerprints of some hundred thousand documents, and what is compared of them.
            functions["compare"] = step("Compare", "corpus_compare", "Finds duplicates in the corpus", 3008)
            functions["publish"] = step("Publish", "corpus_publish", "Publishes curated parts", 1024)
        engine = spark(self, rules=self._rules(), near_duplicates=self._near_duplicates())
        if engine:
            self._allow_input(engine.role)
            self._allow_output(engine.role)
        machine = self._machine({name: one.function.function_arn for name, one in functions.items()}, engine)
        return {
            "state-machine-arn": machine.arn,
            **{f"{name}-function-name": one.function.function_name for name, one in functions.items()},
            **(engine.names if engine else {}),
        }

    def _begin(self, step: Step) -> PythonFunction:
        raw = {"RAW_BUCKET": self.look_up("foundation", "raw-bucket-name")}
        begin = step("Begin", "corpus_begin", "Checks a run's input, takes its id, lists its objects", 1024, raw)
        allow(begin.role, ["s3:ListBucket"], [self.bucket_arn("raw")])
        return begin

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
        indexes = [f"{bucket}/index/{folder}/*" for folder in PUBLISHED]
        allow(role, ["s3:PutObject"], [*written, *indexes], wildcard_reason=WRITE_REASON)
        allow(role, ["s3:AbortMultipartUpload"], written[: len(PUBLISHED)], wildcard_reason=WRITE_REASON)
        allow(role, ["s3:GetObject"], written[-2:], wildcard_reason=WRITE_REASON)
        allow(role, ["s3:ListBucket"], [bucket])
        allow_key(role, key.key_arn if key else None)

    def _allow_end(self, role: iam.Role) -> None:
        """Let a role take away what a run has staged, every version of it."""
        bucket = self.bucket_arn("curated")
        allow(role, ["s3:DeleteObjectVersion"], [f"{bucket}/{STAGED}/*"], wildcard_reason=WRITE_REASON)
        allow(role, ["s3:ListBucketVersions"], [bucket])

    def _machine(self, functions: dict[str, str], engine: Spark | None) -> LoggedStateMachine:
        flow = Flow(
            partition=self.partition,
            begin=functions["begin"],
            curate=functions.get("curate"),
            compare=functions.get("compare"),
            publish=functions.get("publish"),
            report=functions["report"],
            spark=engine.states if engine else None,
            curated=self.look_up("foundation", "curated-bucket-name"),
            concurrency=self.settings.ingestion.max_concurrency,
            batch_documents=self.settings.ingestion.corpus.batch_documents,
        )
        machine = self.state_machine(flow.definition(), list(functions.values()), timeout=cdk.Duration.days(7))
        if "curate" in functions:
            self._permit_map(machine)
        if engine:
            engine.permit(machine.role)
        return machine

    def _permit_map(self, machine: LoggedStateMachine) -> None:
        results = f"{self.bucket_arn('curated')}/{JOB_OUTPUT}/*"
        writes = ["s3:PutObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"]
        allow(machine.role, ["s3:ListBucket"], [self.bucket_arn("curated")])
        allow(machine.role, writes, [results], wildcard_reason=WRITE_REASON)
        machine.allow_map_runs(self.key())


def monitors(stack: SlipwayStack, topic_arn: str) -> list[Monitor]:
    """Watch the runs over the corpus, Spark's too."""
    if not stack.settings.ingestion.corpus.runs:
        return []
    machine = stack.look_up("corpus", "state-machine-arn")
    by_map = ("curate", "compare", "publish") if stack.settings.ingestion.corpus.map else ()
    return [
        StateMachineMonitor(stack, "Corpus", topic_arn=topic_arn, state_machine_arn=machine),
        *(
            FunctionMonitor(
                stack,
                f"Corpus{name.capitalize()}",
                topic_arn=topic_arn,
                function_name=stack.look_up("corpus", f"{name}-function-name"),
                timeout=TIMEOUT,
            )
            for name in ("begin", *by_map, "report")
        ),
    ]
