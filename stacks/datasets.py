"""Datasets: curated documents, examples and feedback made into training sets."""

import aws_cdk as cdk
from constructs import Construct

from slipway_constructs.function_monitor import FunctionMonitor
from slipway_constructs.logged_state_machine import LoggedStateMachine
from slipway_constructs.monitoring import Monitor
from slipway_constructs.permissions import allow, allow_key
from slipway_constructs.python_function import FunctionDefaults, PythonFunction
from slipway_constructs.state_machine_monitor import StateMachineMonitor
from stacks.datasets_flow import WORK, definition
from stacks.settings import Settings
from stacks.slipway_stack import CURATED_REASON, TENANT_INDEX, SlipwayStack

TIMEOUT = cdk.Duration.minutes(15)  # Lambda's longest
SCRATCH = cdk.Size.gibibytes(10)
READ_REASON = "A recipe names prefixes of the artifacts bucket; the function reads any object of this one bucket."
WRITE_REASON = "A build writes under the dataset's name and version, and its own run, none of them known before."


class DatasetsStack(SlipwayStack):
    """Starts by one StartExecution whose input is a recipe (`slipway_runtime.datasets.recipe`)."""

    def __init__(self, scope: Construct, *, name: str, settings: Settings) -> None:
        super().__init__(scope, "datasets", name=name, settings=settings)
        defaults = self.function_defaults("ingest")
        plan = self._function("Plan", "Plans the build of a training set", defaults, memory=1792)
        collect = self._function("Collect", "Makes the examples of a shard", defaults, memory=3008)
        finish = self._function("Finish", "Splits and writes a training set", defaults, memory=3008, scratch=SCRATCH)
        self._permit(plan, collect, finish)
        machine = self._machine([plan, collect, finish])
        self.publish(
            {
                "state-machine-arn": machine.arn,
                "plan-function-name": plan.function.function_name,
                "collect-function-name": collect.function.function_name,
                "finish-function-name": finish.function.function_name,
            }
        )

    def _function(
        self,
        construct_id: str,
        description: str,
        defaults: FunctionDefaults,
        *,
        memory: int,
        scratch: cdk.Size | None = None,
    ) -> PythonFunction:
        buckets = {
            f"{name.upper()}_BUCKET": self.look_up("foundation", f"{name}-bucket-name")
            for name in ("artifacts", "curated")
        }
        return PythonFunction(
            self,
            construct_id,
            module=f"dataset_{construct_id.lower()}",
            description=description,
            defaults=defaults,
            timeout=TIMEOUT,
            memory=cdk.Size.mebibytes(memory),
            scratch=scratch,
            variables={**buckets, "DOCUMENTS_TABLE": self.look_up("foundation", "documents-table-name")},
        )

    def _permit(self, plan: PythonFunction, collect: PythonFunction, finish: PythonFunction) -> None:
        artifacts, curated, key = self.bucket_arn("artifacts"), self.bucket_arn("curated"), self.key()
        work, documents = f"{artifacts}/{WORK}/*", self.table_arn("documents")
        for each in (plan, collect, finish):
            allow(each.role, ["s3:GetObject"], [f"{artifacts}/*"], wildcard_reason=READ_REASON)
            # Without it S3 answers 403 rather than 404 for what is not there.
            allow(each.role, ["s3:ListBucket"], [artifacts])
            allow(each.role, ["s3:PutObject"], [work], wildcard_reason=WRITE_REASON)
            allow_key(each.role, key.key_arn if key else None)
        allow(plan.role, ["s3:ListBucket"], [curated])
        allow(plan.role, ["dynamodb:Query"], [f"{documents}/index/{TENANT_INDEX}"])
        allow(collect.role, ["s3:GetObject"], [f"{curated}/*"], wildcard_reason=CURATED_REASON)
        allow(collect.role, ["s3:ListBucket"], [curated])
        allow(collect.role, ["dynamodb:GetItem"], [documents])
        written = [f"{artifacts}/datasets/*", f"{artifacts}/index/datasets/*"]
        allow(finish.role, ["s3:PutObject"], written, wildcard_reason=WRITE_REASON)
        allow(finish.role, ["s3:AbortMultipartUpload"], written[:1], wildcard_reason=WRITE_REASON)
        allow(finish.role, ["s3:ListBucketVersions"], [artifacts])
        allow(finish.role, ["s3:DeleteObjectVersion"], [work], wildcard_reason=WRITE_REASON)

    def _machine(self, functions: list[PythonFunction]) -> LoggedStateMachine:
        plan, collect, finish = (each.function.function_arn for each in functions)
        flow = definition(
            partition=self.partition,
            plan=plan,
            collect=collect,
            finish=finish,
            artifacts=self.look_up("foundation", "artifacts-bucket-name"),
            concurrency=self.settings.datasets.max_concurrency,
        )
        machine = self.state_machine(flow, [plan, collect, finish], timeout=cdk.Duration.days(1))
        writes = ["s3:GetObject", "s3:PutObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"]
        allow(machine.role, writes, [f"{self.bucket_arn('artifacts')}/{WORK}/*"], wildcard_reason=WRITE_REASON)
        machine.allow_map_runs(self.key())
        return machine


def monitors(stack: SlipwayStack, topic_arn: str) -> list[Monitor]:
    """Watch the builds of training sets, and their functions."""
    machine = stack.look_up("datasets", "state-machine-arn")
    return [
        StateMachineMonitor(stack, "Datasets", topic_arn=topic_arn, state_machine_arn=machine),
        *(
            FunctionMonitor(
                stack,
                f"Dataset{name.capitalize()}",
                topic_arn=topic_arn,
                function_name=stack.look_up("datasets", f"{name}-function-name"),
                timeout=TIMEOUT,
            )
            for name in ("plan", "collect", "finish")
        ),
    ]
