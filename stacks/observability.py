"""Observability: an alarm on every queue, function, API and database, and one dashboard of them all."""

import aws_cdk as cdk
from constructs import Construct

from slipway_constructs.api_monitor import ApiMonitor
from slipway_constructs.database_monitor import DatabaseMonitor
from slipway_constructs.delivery_stream_monitor import DeliveryStreamMonitor
from slipway_constructs.function_monitor import FunctionMonitor
from slipway_constructs.monitoring import Metric, Monitor, dashboard
from slipway_constructs.open_ai_api import STAGE
from slipway_constructs.queue_monitor import QueueMonitor
from slipway_constructs.rule_monitor import RuleMonitor
from slipway_constructs.state_machine_monitor import StateMachineMonitor
from stacks import gateway, ingestion
from stacks.names import part_of_arn
from stacks.settings import Settings
from stacks.slipway_stack import SlipwayStack

OLDEST_SECONDS = 3600
SLOW = cdk.Duration.seconds(20)
# Functions that serve people and documents. Those of custom resources run in deployments only, which tell failures.
FUNCTIONS = {
    "Ingest": ("ingestion", "function-name", ingestion.TIMEOUT),
    "Chat": ("gateway", "chat-function-name", gateway.API_TIMEOUT),
    "Documents": ("gateway", "documents-function-name", gateway.API_TIMEOUT),
    "Authorize": ("gateway", "authorize-function-name", gateway.API_TIMEOUT),
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
            self._database(topic_arn),
            *self._corpus(topic_arn),
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

    def _corpus(self, topic: str) -> list[Monitor]:
        """Return what watches the features that are on: runs over the corpus (Spark's too), and streams."""
        corpus, streaming = self.settings.ingestion.corpus, self.settings.ingestion.streaming
        monitors: list[Monitor] = [
            DeliveryStreamMonitor(
                self,
                f"Stream-{tenant}",
                topic_arn=topic,
                stream_name=self.look_up("ingestion", f"stream-{tenant}"),
                oldest_seconds=2 * streaming.interval_seconds + OLDEST_SECONDS,
            )
            for tenant in streaming.tenants
        ]
        if corpus.map or corpus.spark != "none":
            machine = self.look_up("corpus", "state-machine-arn")
            monitors.append(StateMachineMonitor(self, "Corpus", topic_arn=topic, state_machine_arn=machine))
        return monitors

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
            for construct_id, (part, name, timeout) in FUNCTIONS.items()
        ]

    def _authorizer_failures(self) -> Metric:
        """Return the failures of the authorizer that are no refusal of a key.

        API Gateway answers 401 only to an exception, so Lambda counts every wrong key as an error. The runtime counts
        what it did not expect; an authorizer that does not even start shows in the API's own 5xx.
        """
        dimensions = {"service": "authorize", "environment": self.environment_name}
        return Metric("Slipway", "AuthorizerFailures", dimensions, "Sum")

    def _database(self, topic: str) -> Monitor:
        return DatabaseMonitor(
            self,
            "Database",
            topic_arn=topic,
            cluster_identifier=part_of_arn(self.look_up("retrieval", "cluster-arn"), 6),
            max_acu=self.settings.retrieval.aurora.max_acu,
        )
