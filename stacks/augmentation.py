"""Augmentation: examples that a model makes of curated documents, and their labels, in runs with a budget."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from slipway_constructs.function_monitor import FunctionMonitor
from slipway_constructs.logged_state_machine import LoggedStateMachine
from slipway_constructs.monitoring import Monitor
from slipway_constructs.permissions import allow, allow_key
from slipway_constructs.python_function import FunctionDefaults, PythonFunction
from slipway_constructs.state_machine_monitor import StateMachineMonitor
from stacks.augmentation_flow import definition
from stacks.bedrock import allow_models
from stacks.ingestion import COMPREHEND_ACTIONS, COMPREHEND_REASON
from stacks.settings import Settings
from stacks.settings_augmentation import wishes_document
from stacks.settings_sources import redacts_names, rules_document
from stacks.slipway_stack import CURATED_REASON, SlipwayStack

TIMEOUT = cdk.Duration.minutes(15)  # Lambda's longest
LISTING_TIMEOUT = cdk.Duration.minutes(10)
RUNS, EXAMPLES, LABELS = "augmentation-runs", "augmented", "labels"
RUN_REASON = "A run reads and writes under keys of its source and its own id, which nobody knows before."
IMAGE_REASON = "Tenants put images under keys of their own choice; the function reads any object of this one bucket."


class AugmentationStack(SlipwayStack):
    """Starts by one StartExecution: {"prefix", "run_id"}; returns the report."""

    def __init__(self, scope: Construct, *, name: str, settings: Settings) -> None:
        super().__init__(scope, "augmentation", name=name, settings=settings)
        self._wishes = wishes_document(settings.augmentation, settings.models)
        defaults = self.function_defaults("ingest")
        functions = {
            "plan": self._plan(defaults),
            "augment": self._augment(defaults),
            "report": self._report(defaults),
        }
        machine = self._machine(functions)
        names = {f"{name}-function-name": each.function.function_name for name, each in functions.items()}
        self.publish({"state-machine-arn": machine.arn, **names})

    def _function(
        self, construct_id: str, module: str, does: str, defaults: FunctionDefaults, variables: dict[str, str]
    ) -> PythonFunction:
        made = PythonFunction(
            self,
            construct_id,
            module=module,
            description=does,
            defaults=defaults,
            timeout=TIMEOUT if construct_id == "Augment" else LISTING_TIMEOUT,
            memory=cdk.Size.mebibytes(1024),
            variables={"ARTIFACTS_BUCKET": self.look_up("foundation", "artifacts-bucket-name"), **variables},
        )
        key = self.key()
        allow_key(made.role, key.key_arn if key else None)
        return made

    def _plan(self, defaults: FunctionDefaults) -> PythonFunction:
        variables = {
            "RAW_BUCKET": self.look_up("foundation", "raw-bucket-name"),
            "AUGMENTATION": self._wishes,
            "CHUNK_MAX_CHARACTERS": str(self.settings.ingestion.chunk_characters),
        }
        does = "Lists what a run of augmentation works on, and divides its budget"
        plan = self._function("Plan", "plan_augmentation", does, defaults, variables)
        allow(plan.role, ["s3:ListBucket"], [self.bucket_arn("raw")])
        self._allow_run(plan.role, ["s3:PutObject"], RUNS)
        return plan

    def _augment(self, defaults: FunctionDefaults) -> PythonFunction:
        ingestion, augmentation = self.settings.ingestion, self.settings.augmentation
        variables = {
            "RAW_BUCKET": self.look_up("foundation", "raw-bucket-name"),
            "CURATED_BUCKET": self.look_up("foundation", "curated-bucket-name"),
            "DOCUMENTS_TABLE": self.look_up("foundation", "documents-table-name"),
            "AUGMENTATION": self._wishes,
            "RULES": rules_document(ingestion.rules, ingestion.sources),
            "CHUNK_MAX_CHARACTERS": str(ingestion.chunk_characters),
            "CHUNK_OVERLAP_CHARACTERS": str(ingestion.chunk_overlap_characters),
        }
        does = "Asks a model for examples of one document, validates and labels them"
        augment = self._function("Augment", "augment_object", does, defaults, variables)
        role, curated = augment.role, self.bucket_arn("curated")
        self._allow_run(role, ["s3:GetObject", "s3:PutObject"], RUNS)
        # Without it S3 answers 403 rather than 404 for what is not there yet.
        allow(role, ["s3:ListBucket"], [self.bucket_arn("artifacts"), curated])
        allow(role, ["s3:GetObject"], [f"{curated}/*"], wildcard_reason=CURATED_REASON)
        if augmentation.captions:
            raw = self.bucket_arn("raw")
            allow(role, ["s3:GetObject", "s3:GetObjectVersion"], [f"{raw}/*"], wildcard_reason=IMAGE_REASON)
            allow(role, ["s3:ListBucket"], [raw])
        # Counts, in the lineage of the document.
        allow(role, ["dynamodb:UpdateItem"], [self.table_arn("documents")])
        allow_models(role, [self.settings.models[augmentation.model].model_id])
        self._allow_comprehend(role)
        return augment

    def _allow_comprehend(self, role: iam.Role) -> None:
        ingestion, augmentation = self.settings.ingestion, self.settings.augmentation
        actions = ["comprehend:BatchDetectEntities", "comprehend:DetectEntities"] if augmentation.entities else []
        if redacts_names(ingestion.rules, ingestion.sources):
            actions = sorted({*actions, *COMPREHEND_ACTIONS})
        if actions:
            allow(role, actions, ["*"], wildcard_reason=COMPREHEND_REASON)
        if augmentation.classifier_arn:
            allow(role, ["comprehend:ClassifyDocument"], [augmentation.classifier_arn])

    def _report(self, defaults: FunctionDefaults) -> PythonFunction:
        does = "Leaves out duplicates of a run of augmentation and adds up its books"
        report = self._function("Report", "report_augmentation", does, defaults, {})
        self._allow_run(report.role, ["s3:GetObject"], RUNS)
        for folder in (RUNS, EXAMPLES, LABELS):
            self._allow_run(report.role, ["s3:PutObject", "s3:AbortMultipartUpload"], folder)
            self._allow_run(report.role, ["s3:PutObject"], f"index/{folder}")
        allow(report.role, ["s3:ListBucket"], [self.bucket_arn("artifacts")])
        return report

    def _allow_run(self, role: iam.Role, actions: list[str], folder: str) -> None:
        allow(role, actions, [f"{self.bucket_arn('artifacts')}/{folder}/*"], wildcard_reason=RUN_REASON)

    def _machine(self, functions: dict[str, PythonFunction]) -> LoggedStateMachine:
        arns = {name: each.function.function_arn for name, each in functions.items()}
        flow = definition(
            partition=self.partition,
            functions=arns,
            artifacts=self.look_up("foundation", "artifacts-bucket-name"),
            concurrency=self.settings.augmentation.max_concurrency,
            tolerated_percent=self.settings.augmentation.tolerated_failures_percent,
        )
        machine = self.state_machine(flow, list(arns.values()), timeout=cdk.Duration.days(1))
        self._allow_run(machine.role, ["s3:GetObject"], RUNS)
        machine.allow_map_runs(self.key())
        return machine


def monitors(stack: SlipwayStack, topic_arn: str) -> list[Monitor]:
    """Watch the runs and their functions."""
    machine = stack.look_up("augmentation", "state-machine-arn")
    timeouts = {"plan": LISTING_TIMEOUT, "augment": TIMEOUT, "report": LISTING_TIMEOUT}
    return [
        StateMachineMonitor(stack, "Augmentation", topic_arn=topic_arn, state_machine_arn=machine),
        *(
            FunctionMonitor(
                stack,
                f"Augmentation{name.capitalize()}",
                topic_arn=topic_arn,
                function_name=stack.look_up("augmentation", f"{name}-function-name"),
                timeout=timeout,
            )
            for name, timeout in timeouts.items()
        ),
    ]
