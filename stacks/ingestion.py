"""Ingestion: a document put in the raw bucket becomes searchable chunks."""

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda_event_sources as event_sources
from constructs import Construct

from slipway_constructs.dead_lettered_queue import DeadLetteredQueue
from slipway_constructs.permissions import allow, allow_key
from slipway_constructs.private_network import COMPREHEND_ACTIONS
from slipway_constructs.python_function import PythonFunction
from stacks.embedding import allow_embedding
from stacks.settings import Settings
from stacks.settings_sources import redacts_names, rules_document
from stacks.slipway_stack import CURATED_REASON, SlipwayStack

TIMEOUT = cdk.Duration.minutes(5)
BATCH_SIZE = 5
MEGABYTE = 1_000_000
OBJECTS_REASON = (
    "Tenants put documents under keys of their own choice; the function reads any object of this one bucket, and "
    "writes none."
)
COMPREHEND_REASON = "The detectors of Comprehend that every account has are no resources that a policy could name."


class IngestionStack(SlipwayStack):
    """Raw bucket events → queue → function; failed messages → dead-letter queue."""

    def __init__(self, scope: Construct, *, name: str, settings: Settings) -> None:
        super().__init__(scope, "ingestion", name=name, settings=settings)
        work = DeadLetteredQueue(
            self,
            "Work",
            consumer_timeout=TIMEOUT,
            max_receive_count=settings.ingestion.max_receive_count,
            key=self.key(),
        )
        rule = self._feed(work)
        ingest = self._function(work)
        self._permit(ingest)
        ingest.function.add_event_source(
            event_sources.SqsEventSource(
                work.queue,
                batch_size=BATCH_SIZE,
                report_batch_item_failures=True,
                max_concurrency=settings.ingestion.max_concurrency,
            )
        )
        self.publish(
            {
                "queue-url": work.queue.queue_url,
                "queue-arn": work.queue.queue_arn,
                "dead-letter-queue-url": work.dead_letters.queue_url,
                "dead-letter-queue-arn": work.dead_letters.queue_arn,
                "rule-name": rule.rule_name,
                "function-name": ingest.function.function_name,
            }
        )

    def _feed(self, work: DeadLetteredQueue) -> events.Rule:
        bucket = {"name": [self.look_up("foundation", "raw-bucket-name")]}
        return events.Rule(
            self,
            "ObjectEvents",
            description="Documents that come, change and go",
            event_pattern=events.EventPattern(
                source=["aws.s3"], detail_type=["Object Created", "Object Deleted"], detail={"bucket": bucket}
            ),
            # What EventBridge cannot deliver within a day waits beside what the function could not do.
            targets=[targets.SqsQueue(work.queue, dead_letter_queue=work.dead_letters)],
        )

    def _function(self, work: DeadLetteredQueue) -> PythonFunction:
        ingestion = self.settings.ingestion
        return PythonFunction(
            self,
            "Ingest",
            module="ingest_document",
            description="Extracts, cleans, chunks, embeds and stores documents",
            defaults=self.function_defaults("ingest"),
            timeout=TIMEOUT,
            memory=cdk.Size.mebibytes(1024),
            variables={
                **self.store_variables(),
                **self.embedding_variables(),
                "DOCUMENTS_TABLE": self.look_up("foundation", "documents-table-name"),
                "REJECTS_TABLE": self.look_up("foundation", "rejects-table-name"),
                "CURATED_BUCKET": self.look_up("foundation", "curated-bucket-name"),
                "RULES": rules_document(ingestion.rules, ingestion.sources),
                **ingestion.chunk_variables,
                "QUEUE_URL": work.queue.queue_url,
                "MAX_DOCUMENT_BYTES": str(ingestion.max_document_megabytes * MEGABYTE),
            },
        )

    def _permit(self, ingest: PythonFunction) -> None:
        role, key = ingest.role, self.key()
        bucket, curated = self.bucket_arn("raw"), self.bucket_arn("curated")
        allow(role, ["s3:GetObject", "s3:GetObjectVersion"], [f"{bucket}/*"], wildcard_reason=OBJECTS_REASON)
        # Without it S3 answers 403 rather than 404 for an object that has gone since its event.
        allow(role, ["s3:ListBucket"], [bucket])
        allow(role, ["s3:GetObject", "s3:PutObject"], [f"{curated}/*"], wildcard_reason=CURATED_REASON)
        allow(role, ["s3:ListBucket"], [curated])
        self.allow_curated_removal(role)
        if redacts_names(self.settings.ingestion.rules, self.settings.ingestion.sources):
            allow(role, COMPREHEND_ACTIONS, ["*"], wildcard_reason=COMPREHEND_REASON)
        self.allow_documents(role)
        self.allow_rejects(role)
        allow_embedding(self, role)
        self.allow_store(role, "write")
        allow_key(role, key.key_arn if key else None)
