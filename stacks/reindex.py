"""Re-indexing: a new generation of the index is built beside the one that is searched, and searches switched to it."""

import aws_cdk as cdk
from constructs import Construct

from slipway_constructs.function_monitor import FunctionMonitor
from slipway_constructs.logged_state_machine import LoggedStateMachine
from slipway_constructs.monitoring import Monitor
from slipway_constructs.permissions import allow, allow_key
from slipway_constructs.python_function import PythonFunction
from slipway_constructs.state_machine_monitor import StateMachineMonitor
from stacks.embedding import allow_embedding
from stacks.ingestion import TIMEOUT as INGESTION_TIMEOUT
from stacks.reindex_flow import definition
from stacks.settings import Settings
from stacks.slipway_stack import CURATED_REASON, SlipwayStack
from stacks.stores import generation_kind

TIMEOUT = cdk.Duration.minutes(15)  # Lambda's longest: large documents take minutes to embed
RUN_TIMEOUT = cdk.Duration.days(14)
# What saw a generation before it was dropped may still use it: no function runs longer than ingestion's.
GRACE_SECONDS = int(INGESTION_TIMEOUT.to_seconds()) + 30


class ReindexStack(SlipwayStack):
    """Starts by one StartExecution: {"action": "start"}, or one of the other actions of slipway_runtime.reindex."""

    def __init__(self, scope: Construct, *, name: str, settings: Settings) -> None:
        super().__init__(scope, "reindex", name=name, settings=settings)
        reindex = self._function("Reindex", "reindex", "Starts, compares, switches and drops generations of the index")
        rebuild = self._function("Rebuild", "rebuild_documents", "Embeds curated documents into a new generation")
        self._permit(reindex, rebuild)
        machine = self._machine(reindex, rebuild)
        self.publish(
            {
                "state-machine-arn": machine.arn,
                "function-name": reindex.function.function_name,
                "rebuild-function-name": rebuild.function.function_name,
                "grace-seconds": str(GRACE_SECONDS),
            }
        )

    def _function(self, construct_id: str, module: str, does: str) -> PythonFunction:
        reindex = self.settings.reindex
        price = reindex.usd_per_million_tokens
        return PythonFunction(
            self,
            construct_id,
            module=module,
            description=does,
            defaults=self.function_defaults("ingest"),
            timeout=TIMEOUT,
            memory=cdk.Size.mebibytes(1024),
            variables={
                **self.store_variables(),
                **self.embedding_variables(),
                **self.settings.ingestion.chunk_variables,
                "CURATED_BUCKET": self.look_up("foundation", "curated-bucket-name"),
                "REINDEX_CONCURRENCY": str(reindex.max_concurrency),
                **({"REINDEX_USD_PER_MILLION_TOKENS": str(price)} if price else {}),
            },
        )

    def _permit(self, reindex: PythonFunction, rebuild: PythonFunction) -> None:
        curated, documents, key = self.bucket_arn("curated"), self.table_arn("documents"), self.key()
        for each in (reindex, rebuild):
            # Listing: without it S3 answers 403 rather than 404 for a document that has gone.
            allow(each.role, ["s3:ListBucket"], [curated])
            allow(each.role, ["s3:GetObject"], [f"{curated}/*"], wildcard_reason=CURATED_REASON)
            allow_embedding(self, each.role)
            allow_key(each.role, key.key_arn if key else None)
        allow(reindex.role, ["dynamodb:GetItem", "dynamodb:PutItem"], [documents])
        self.allow_store(rebuild.role, "write")
        generations = generation_kind(self.settings)
        assert generations is not None  # noqa: S101 - the settings' rules say so
        generations.allow_generations(self, reindex.role)

    def _machine(self, reindex: PythonFunction, rebuild: PythonFunction) -> LoggedStateMachine:
        functions = [each.function.function_arn for each in (reindex, rebuild)]
        flow = definition(
            partition=self.partition,
            reindex=functions[0],
            rebuild=functions[1],
            curated=self.look_up("foundation", "curated-bucket-name"),
            concurrency=self.settings.reindex.max_concurrency,
        )
        machine = self.state_machine(flow, functions, timeout=RUN_TIMEOUT)
        allow(machine.role, ["s3:ListBucket"], [self.bucket_arn("curated")])
        machine.allow_map_runs(self.key())
        return machine


def monitors(stack: SlipwayStack, topic_arn: str) -> list[Monitor]:
    """Watch the runs and their functions."""
    machine = stack.look_up("reindex", "state-machine-arn")
    functions = {"Reindex": "function-name", "ReindexRebuild": "rebuild-function-name"}
    return [
        StateMachineMonitor(stack, "Reindexing", topic_arn=topic_arn, state_machine_arn=machine),
        *(
            FunctionMonitor(
                stack, name, topic_arn=topic_arn, function_name=stack.look_up("reindex", published), timeout=TIMEOUT
            )
            for name, published in functions.items()
        ),
    ]
