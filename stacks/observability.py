"""Observability: an alarm on every queue, function, API and database, and one dashboard of them all."""

import aws_cdk as cdk
from constructs import Construct

from slipway_constructs.api_monitor import ApiMonitor
from slipway_constructs.duplicates_monitor import DuplicatesMonitor
from slipway_constructs.erasure_monitor import ErasureMonitor
from slipway_constructs.function_monitor import FunctionMonitor
from slipway_constructs.monitoring import Metric, Monitor, dashboard
from slipway_constructs.open_ai_api import STAGE
from slipway_constructs.queue_monitor import QueueMonitor
from slipway_constructs.rule_monitor import RuleMonitor
from slipway_constructs.state_machine_monitor import StateMachineMonitor
from stacks import deletion, gateway, ingestion, labelling
from stacks.names import part_of_arn
from stacks.settings import Settings
from stacks.slipway_stack import SlipwayStack
from stacks.stores import kind

OLDEST_SECONDS = 3600
SLOW = cdk.Duration.seconds(20)
# Functions that serve people and documents. Those of custom resources run in deployments only, which tell failures.
FUNCTIONS = {
    "Ingest": ("ingestion", "function-name", ingestion.TIMEOUT),
    "Erase": ("deletion", "function-name", deletion.TIMEOUT),
    "Chat": ("gateway", "chat-function-name", gateway.API_TIMEOUT),
    "Search": ("gateway", "search-function-name", gateway.API_TIMEOUT),
    "Documents": ("gateway", "documents-function-name", gateway.API_TIMEOUT),
    "Authorize": ("gateway", "authorize-function-name", gateway.API_TIMEOUT),
}

LABELLING_FUNCTIONS = {
    "Labelling": ("gateway", "labelling-function-name", gateway.API_TIMEOUT),
    "LabellingStep": ("labelling", "step-function-name", labelling.STEP_TIMEOUT),
}


class ObservabilityStack(SlipwayStack):
    """Monitors of what the other stacks published; every alarm notifies the environment's topic."""

    def __init__(self, scope: Construct, *, name: str, settings: Settings) -> None:
        super().__init__(scope, "observability", name=name, settings=settings)
        topic_arn = self.look_up("foundation", "alarm-topic-arn")
        monitors = [
            self._api(topic_arn),
            RuleMonitor(self, "Events", topic_arn=topic_arn, rule_name=self.look_up("ingestion", "rule-name")),
            self._queue(topic_arn),
            *self._functions(topic_arn),
            *kind(settings).monitors(self, topic_arn),
            *self._augmentation(topic_arn),
            *self._evaluation(topic_arn),
            *self._datasets(topic_arn),
            *self._state_machines(topic_arn),
            *self._duplicates(topic_arn),
            *self._deletion(topic_arn),
        ]
        if settings.observability.dashboard:
            dashboard(self, "Dashboard", monitors)

    def _api(self, topic: str) -> Monitor:
        return ApiMonitor(
            self, "Api", topic_arn=topic, api_name=gateway.api_name(self.environment_name), stage=STAGE, slow=SLOW
        )

    def _queue(self, topic: str) -> Monitor:
        return QueueMonitor(
            self,
            "Ingestion",
            topic_arn=topic,
            queue_name=part_of_arn(self.look_up("ingestion", "queue-arn"), 5),
            dead_letter_queue_name=part_of_arn(self.look_up("ingestion", "dead-letter-queue-arn"), 5),
            oldest_seconds=OLDEST_SECONDS,
        )

    def _augmentation(self, topic: str) -> list[Monitor]:
        if not self.settings.augmentation.enabled:
            return []
        from stacks import augmentation  # noqa: PLC0415 - nothing of it is read where it is off

        timeouts = {"plan": augmentation.LISTING_TIMEOUT, "augment": augmentation.TIMEOUT}
        functions = [
            FunctionMonitor(
                self,
                f"Augmentation{name.capitalize()}",
                topic_arn=topic,
                function_name=self.look_up("augmentation", f"{name}-function-name"),
                timeout=timeouts.get(name, augmentation.LISTING_TIMEOUT),
            )
            for name in ("plan", "augment", "report")
        ]
        machine = self.look_up("augmentation", "state-machine-arn")
        return [
            StateMachineMonitor(self, "Augmentation", topic_arn=topic, state_machine_arn=machine),
            *functions,
        ]

    def _evaluation(self, topic: str) -> list[Monitor]:
        """Return what watches evaluations; a function that fails or is late fails its execution."""
        if not self.settings.evaluation.enabled:
            return []
        machine = self.look_up("evaluation", "state-machine-arn")
        return [StateMachineMonitor(self, "Evaluation", topic_arn=topic, state_machine_arn=machine)]

    def _datasets(self, topic: str) -> list[Monitor]:
        """Return what watches the builds of training sets; a function that fails or is late fails its execution."""
        if not self.settings.datasets.enabled:
            return []
        machine = self.look_up("datasets", "state-machine-arn")
        return [StateMachineMonitor(self, "Datasets", topic_arn=topic, state_machine_arn=machine)]

    def _deletion(self, topic: str) -> list[Monitor]:
        machine = self.look_up("deletion", "state-machine-arn")
        return [
            StateMachineMonitor(self, "Deletion", topic_arn=topic, state_machine_arn=machine),
            ErasureMonitor(self, "Erasure", topic_arn=topic, environment=self.environment_name),
        ]

    def _functions(self, topic: str) -> list[Monitor]:
        return [
            FunctionMonitor(
                self,
                construct_id,
                topic_arn=topic,
                function_name=self.look_up(part, name),
                timeout=timeout,
                failures=self._authorizer_failures() if construct_id == "Authorize" else None,
            )
            for construct_id, (part, name, timeout) in self._watched().items()
        ]

    def _watched(self) -> dict[str, tuple[str, str, cdk.Duration]]:
        return FUNCTIONS | (LABELLING_FUNCTIONS if self.settings.labelling.enabled else {})

    def _state_machines(self, topic: str) -> list[Monitor]:
        if not self.settings.labelling.enabled:
            return []
        arn = self.look_up("labelling", "state-machine-arn")
        return [StateMachineMonitor(self, "LabellingJobs", topic_arn=topic, state_machine_arn=arn)]

    def _authorizer_failures(self) -> Metric:
        """Return the failures of the authorizer that are no refusal of a key.

        API Gateway answers 401 only to an exception, so Lambda counts every wrong key as an error. The runtime counts
        what it did not expect; an authorizer that does not even start shows in the API's own 5xx.
        """
        dimensions = {"service": "authorize", "environment": self.environment_name}
        return Metric("Slipway", "AuthorizerFailures", dimensions, "Sum")

    def _duplicates(self, topic: str) -> list[Monitor]:
        if not self.searches_duplicates():
            return []
        return [
            DuplicatesMonitor(
                self,
                "Duplicates",
                topic_arn=topic,
                service="ingest_document",
                environment=self.environment_name,
            )
        ]
