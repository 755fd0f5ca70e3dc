"""Datasets: curated documents, examples and feedback made into training sets."""

import json

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from slipway_constructs.acknowledgement import acknowledge
from slipway_constructs.permissions import acknowledge_wildcards, allow, allow_key, statement
from slipway_constructs.python_function import FunctionDefaults, PythonFunction
from stacks.datasets_flow import WORK, definition
from stacks.settings import Settings
from stacks.slipway_stack import CURATED_REASON, SlipwayStack

TIMEOUT = cdk.Duration.minutes(15)  # Lambda's longest
SCRATCH = cdk.Size.gibibytes(10)
READ_REASON = "A recipe names prefixes of the artifacts bucket; the function reads any object of this one bucket."
WRITE_REASON = "A build writes under the dataset's name and version, and its own run, none of them known before."
DELIVERY_REASON = (
    "CloudWatch Logs and X-Ray take no resource for these actions. Source: Step Functions, logging policy."
)
EXECUTIONS_REASON = "The children of a map run are executions of this one state machine with names made by it."


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
                "state-machine-arn": machine.state_machine_arn,
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
        work = f"{artifacts}/{WORK}/*"
        for each in (plan, collect, finish):
            allow(each.role, ["s3:GetObject"], [f"{artifacts}/*"], wildcard_reason=READ_REASON)
            # Without it S3 answers 403 rather than 404 for what is not there.
            allow(each.role, ["s3:ListBucket"], [artifacts])
            allow(each.role, ["s3:PutObject"], [work], wildcard_reason=WRITE_REASON)
            allow_key(each.role, key.key_arn if key else None)
        allow(plan.role, ["s3:ListBucket"], [curated])
        self.allow_document_reading(plan.role, ["dynamodb:Query"])
        allow(collect.role, ["s3:GetObject"], [f"{curated}/*"], wildcard_reason=CURATED_REASON)
        allow(collect.role, ["s3:ListBucket"], [curated])
        self.allow_document_reading(collect.role, ["dynamodb:GetItem"])
        written = [f"{artifacts}/datasets/*", f"{artifacts}/index/datasets/*"]
        allow(finish.role, ["s3:PutObject"], written, wildcard_reason=WRITE_REASON)
        allow(finish.role, ["s3:AbortMultipartUpload"], written[:1], wildcard_reason=WRITE_REASON)
        allow(finish.role, ["s3:ListBucketVersions"], [artifacts])
        allow(finish.role, ["s3:DeleteObjectVersion"], [work], wildcard_reason=WRITE_REASON)

    def _machine(self, functions: list[PythonFunction]) -> sfn.StateMachine:
        role = iam.Role(self, "MachineRole", assumed_by=iam.ServicePrincipal("states.amazonaws.com"))
        plan, collect, finish = (each.function.function_arn for each in functions)
        flow = definition(
            partition=self.partition,
            plan=plan,
            collect=collect,
            finish=finish,
            artifacts=self.look_up("foundation", "artifacts-bucket-name"),
            concurrency=self.settings.datasets.max_concurrency,
        )
        group = logs.LogGroup(
            self,
            "Executions",
            # Under this prefix the resource policy of CloudWatch Logs does not grow by each state machine.
            log_group_name=f"/aws/vendedlogs/states/slipway-{self.environment_name}-datasets",
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
            timeout=cdk.Duration.days(1),
        )
        acknowledge(role, "AwsSolutions-IAM5[Resource::*]", DELIVERY_REASON)
        allow(role, ["lambda:InvokeFunction"], [plan, collect, finish])
        self._permit_map(role, machine)
        return machine

    def _permit_map(self, role: iam.Role, machine: sfn.StateMachine) -> None:
        key = self.key()
        writes = ["s3:GetObject", "s3:PutObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"]
        allow(role, writes, [f"{self.bucket_arn('artifacts')}/{WORK}/*"], wildcard_reason=WRITE_REASON)
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
