"""Evaluation: how well search finds and answers hold, measured over questions that people wrote."""

import aws_cdk as cdk
from constructs import Construct

from slipway_constructs.logged_state_machine import LoggedStateMachine
from slipway_constructs.monitoring import Monitor
from slipway_constructs.permissions import allow, allow_key
from slipway_constructs.python_function import FunctionDefaults, PythonFunction
from slipway_constructs.state_machine_monitor import StateMachineMonitor
from stacks.answering import allow_answers, allow_table, answer_variables
from stacks.bedrock import allow_models
from stacks.evaluation_flow import definition
from stacks.settings import Settings
from stacks.slipway_stack import SlipwayStack

TIMEOUT = cdk.Duration.minutes(10)
FOLDER = "evaluations"
RUN_REASON = "A run reads and writes under a key of its tenant and its own id, which nobody knows before."


class EvaluationStack(SlipwayStack):
    """Starts by one StartExecution: {"tenant", "run_id", "answers", "judge", "model"}; returns the summary."""

    def __init__(self, scope: Construct, *, name: str, settings: Settings) -> None:
        super().__init__(scope, "evaluation", name=name, settings=settings)
        defaults = self.function_defaults("api")
        judge = settings.evaluation.judge
        model_id = settings.models[judge].model_id if judge else None
        judging = {"JUDGE_MODEL_ID": model_id} if model_id else {}
        functions = {
            "plan": self._function(
                "Plan",
                "plan_evaluation",
                "Checks the questions and the judge of an evaluation",
                defaults,
                {**answer_variables(self), **judging},
            ),
            "question": self._function(
                "Question",
                "evaluate_question",
                "Searches, answers and measures one question",
                defaults,
                {**answer_variables(self), **judging},
            ),
            "report": self._function(
                "Report", "report_evaluation", "Adds up an evaluation and draws its report", defaults, {}
            ),
        }
        self._permit(functions, model_id)
        machine = self._machine(functions)
        names = {f"{name}-function-name": each.function.function_name for name, each in functions.items()}
        self.publish({"state-machine-arn": machine.arn, **names})

    def _function(
        self, construct_id: str, module: str, does: str, defaults: FunctionDefaults, variables: dict[str, str]
    ) -> PythonFunction:
        return PythonFunction(
            self,
            construct_id,
            module=module,
            description=does,
            defaults=defaults,
            timeout=TIMEOUT,
            memory=cdk.Size.mebibytes(512),
            variables={"ARTIFACTS_BUCKET": self.look_up("foundation", "artifacts-bucket-name"), **variables},
        )

    def _permit(self, functions: dict[str, PythonFunction], judge: str | None) -> None:
        bucket, key = self.bucket_arn("artifacts"), self.key()
        runs = [f"{bucket}/{FOLDER}/*"]
        for name, each in functions.items():
            actions = ["s3:GetObject"] if name == "plan" else ["s3:GetObject", "s3:PutObject"]
            allow(each.role, actions, runs, wildcard_reason=RUN_REASON)
            # Without it S3 answers 403 rather than 404 for what is not there.
            allow(each.role, ["s3:ListBucket"], [bucket])
            allow_key(each.role, key.key_arn if key else None)
        allow_answers(self, functions["question"].role)
        allow_table(self, functions["plan"].role)
        if judge:
            allow_models(functions["plan"].role, [judge])

    def _machine(self, functions: dict[str, PythonFunction]) -> LoggedStateMachine:
        arns = {name: each.function.function_arn for name, each in functions.items()}
        flow = definition(
            partition=self.partition, functions=arns, concurrency=self.settings.evaluation.max_concurrency
        )
        return self.state_machine(flow, list(arns.values()), timeout=cdk.Duration.days(1))


def monitors(stack: SlipwayStack, topic_arn: str) -> list[Monitor]:
    """Watch the evaluations; a function that fails or is late fails its execution."""
    machine = stack.look_up("evaluation", "state-machine-arn")
    return [StateMachineMonitor(stack, "Evaluation", topic_arn=topic_arn, state_machine_arn=machine)]
