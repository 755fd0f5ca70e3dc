"""Ingestion: a document put in the raw bucket becomes searchable chunks."""

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda_event_sources as event_sources
from constructs import Construct

from slipway_constructs.dead_lettered_queue import DeadLetteredQueue
from slipway_constructs.delivery_stream_monitor import DeliveryStreamMonitor
from slipway_constructs.duplicates_monitor import DuplicatesMonitor
from slipway_constructs.function_monitor import FunctionMonitor
from slipway_constructs.line_stream import LineStream, StreamLog
from slipway_constructs.monitoring import Monitor
from slipway_constructs.permissions import allow, allow_key
from slipway_constructs.python_function import PythonFunction
from slipway_constructs.queue_monitor import QueueMonitor
from slipway_constructs.rejects_monitor import RejectsMonitor
from slipway_constructs.rule_monitor import RuleMonitor
from slipway_constructs.saved_queries import FUNCTION_QUERIES, SavedQueries
from slipway_constructs.text_recognition import TextRecognition
from stacks.embedding import allow_embedding
from stacks.names import part_of_arn
from stacks.retention import STREAM_ERRORS
from stacks.settings import Settings
from stacks.settings_duplicates import duplicates_document
from stacks.settings_ocr import recognises
from stacks.settings_sources import redacts_names, rules_document
from stacks.slipway_stack import CURATED_REASON, SlipwayStack

TIMEOUT = cdk.Duration.minutes(5)
BATCH_SIZE = 5
OLDEST_SECONDS = 3600
OTHERS = "others"  # sources that are not listed
MEGABYTE = 1_000_000
# What near-duplicates are searched by. A transaction needs the permission of each of its writes, and no other.
DUPLICATES_ACTIONS = [
    *("dynamodb:BatchGetItem", "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem"),
    *("dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"),
]
SEND_AGAIN = "sqs:SendMessage"
OBJECTS_REASON = (
    "Tenants put documents under keys of their own choice; the function reads any object of this one bucket, and "
    "writes none."
)
HOLD_REASON = (
    "A version that comes under a legal hold is kept, whatever its key; the function cannot end a hold by itself."
)
COMPREHEND_ACTIONS = ["comprehend:DetectEntities", "comprehend:DetectPiiEntities"]
COMPREHEND_REASON = "The detectors of Comprehend that every account has are no resources that a policy could name."

QUERIES = {
    **FUNCTION_QUERIES,
    "documents by outcome": (
        'filter message = "record handled"',
        "stats count(*) as documents, sum(chunks) as chunks by outcome, code",
        "sort documents desc",
    ),
}


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
        if self.searches_duplicates():
            self._search_duplicates(ingest, work)
        if recognises(settings.ingestion):
            self._recognise(ingest, work)
        ingest.function.add_event_source(
            event_sources.SqsEventSource(
                work.queue,
                batch_size=BATCH_SIZE,
                report_batch_item_failures=True,
                max_concurrency=settings.ingestion.max_concurrency,
            )
        )
        groups = [ingest.log_group.log_group_name]
        SavedQueries(self, "Queries", folder=f"slipway/{name}/ingestion", log_groups=groups, queries=QUERIES)
        self.publish(
            {
                "queue-url": work.queue.queue_url,
                "queue-arn": work.queue.queue_arn,
                "dead-letter-queue-url": work.dead_letters.queue_url,
                "dead-letter-queue-arn": work.dead_letters.queue_arn,
                "rule-name": rule.rule_name,
                "function-name": ingest.function.function_name,
                **self._streams(),
            }
        )

    def _streams(self) -> dict[str, str]:
        """Make the streams of the tenants, and return their names by that under which each is published."""
        streaming = self.settings.ingestion.streaming
        raw = self.look_up("foundation", "raw-bucket-name") if streaming.tenants else ""
        return {
            f"stream-{tenant}": LineStream(
                self,
                f"Stream-{tenant}",
                bucket_arn=self.format_arn(service="s3", region="", account="", resource=raw),
                prefix=f"{tenant}/stream/",
                error_prefix=f"{STREAM_ERRORS}{tenant}/",
                interval=cdk.Duration.seconds(streaming.interval_seconds),
                log=StreamLog(retention=self.log_retention, removal=self.removal),
                key=self.key(),
            ).stream.ref
            for tenant in streaming.tenants
        }

    def _feed(self, work: DeadLetteredQueue) -> events.Rule:
        bucket = {"name": [self.look_up("foundation", "raw-bucket-name")]}
        documents = {"key": [{"anything-but": {"prefix": STREAM_ERRORS}}]}
        return events.Rule(
            self,
            "ObjectEvents",
            description="Documents that come, change and go",
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created", "Object Deleted"],
                detail={"bucket": bucket, "object": documents},
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
                **self.hold_variables(),
                "DOCUMENTS_TABLE": self.look_up("foundation", "documents-table-name"),
                "REJECTS_TABLE": self.look_up("foundation", "rejects-table-name"),
                "CURATED_BUCKET": self.look_up("foundation", "curated-bucket-name"),
                "RULES": rules_document(ingestion.rules, ingestion.sources),
                **ingestion.chunk_variables,
                "QUEUE_URL": work.queue.queue_url,
                "MAX_DOCUMENT_BYTES": str(ingestion.max_document_megabytes * MEGABYTE),
            },
        )

    def _search_duplicates(self, ingest: PythonFunction, work: DeadLetteredQueue) -> None:
        ingestion = self.settings.ingestion
        told = duplicates_document(ingestion.near_duplicates, ingestion.sources)
        ingest.function.add_environment("NEAR_DUPLICATES", told)
        ingest.function.add_environment("DUPLICATES_TABLE", self.look_up("foundation", "duplicates-table-name"))
        allow(ingest.role, DUPLICATES_ACTIONS, [self.table_arn("duplicates")])
        # Documents whose original went or changed are sent through the queue again.
        allow(ingest.role, [SEND_AGAIN], [work.queue.queue_arn])

    def _recognise(self, ingest: PythonFunction, work: DeadLetteredQueue) -> None:
        recognition = TextRecognition(self, "Recognition", work=work, key=self.key())
        for name, value in recognition.variables.items():
            ingest.function.add_environment(name, value)
        recognition.permit(ingest.role)
        # A document whose job has not ended is looked at again.
        allow(ingest.role, [SEND_AGAIN], [work.queue.queue_arn])

    def _permit(self, ingest: PythonFunction) -> None:
        role, key = ingest.role, self.key()
        bucket, curated = self.bucket_arn("raw"), self.bucket_arn("curated")
        allow(role, ["s3:GetObject", "s3:GetObjectVersion"], [f"{bucket}/*"], wildcard_reason=OBJECTS_REASON)
        if self.settings.ingestion.retention.legal_hold:
            self.allow_holds(role)
            allow(role, ["s3:PutObjectLegalHold"], [f"{bucket}/*"], wildcard_reason=HOLD_REASON)
        # Without it S3 answers 403 rather than 404 for an object that has gone since its event.
        allow(role, ["s3:ListBucket"], [bucket])
        allow(role, ["s3:GetObject", "s3:PutObject"], [f"{curated}/*"], wildcard_reason=CURATED_REASON)
        allow(role, ["s3:ListBucket"], [curated])
        self.allow_curated_removal(role)
        if redacts_names(self.settings.ingestion.rules, self.settings.ingestion.sources):
            allow(role, COMPREHEND_ACTIONS, ["*"], wildcard_reason=COMPREHEND_REASON)
        self.allow_documents(role)
        # What is known of a version that was removed for good while others of its object are there.
        allow(role, ["dynamodb:Query"], [self.table_arn("documents")])
        allow(role, ["dynamodb:PutItem"], [self.table_arn("rejects")])
        allow_embedding(self, role)
        self.allow_store(role, "write")
        allow_key(role, key.key_arn if key else None)


def monitors(stack: SlipwayStack, topic_arn: str) -> list[Monitor]:
    """Watch the path of a document, and the streams of tenants."""
    found: list[Monitor] = [
        RuleMonitor(stack, "Events", topic_arn=topic_arn, rule_name=stack.look_up("ingestion", "rule-name")),
        QueueMonitor(
            stack,
            "Ingestion",
            topic_arn=topic_arn,
            queue_name=part_of_arn(stack.look_up("ingestion", "queue-arn"), 5),
            dead_letter_queue_name=part_of_arn(stack.look_up("ingestion", "dead-letter-queue-arn"), 5),
            oldest_seconds=OLDEST_SECONDS,
        ),
        FunctionMonitor(
            stack,
            "Ingest",
            topic_arn=topic_arn,
            function_name=stack.look_up("ingestion", "function-name"),
            timeout=TIMEOUT,
        ),
        RejectsMonitor(
            stack,
            "Rejects",
            topic_arn=topic_arn,
            service="ingest_document",
            environment=stack.environment_name,
            sources=_sources(stack.settings),
        ),
    ]
    if stack.searches_duplicates():
        service, environment = "ingest_document", stack.environment_name
        found.append(
            DuplicatesMonitor(stack, "Duplicates", topic_arn=topic_arn, service=service, environment=environment)
        )
    return found + _stream_monitors(stack, topic_arn)


def _sources(settings: Settings) -> list[str]:
    """Return the sources by which the function counts rejects (`slipway_runtime.operate.rejects`)."""
    listed = [source.prefix.rstrip("/") for source in settings.ingestion.sources]
    return [*listed, *(f"{tenant}/stream" for tenant in settings.ingestion.streaming.tenants), OTHERS]


def _stream_monitors(stack: SlipwayStack, topic_arn: str) -> list[Monitor]:
    streaming = stack.settings.ingestion.streaming
    return [
        DeliveryStreamMonitor(
            stack,
            f"Stream-{tenant}",
            topic_arn=topic_arn,
            stream_name=stack.look_up("ingestion", f"stream-{tenant}"),
            oldest_seconds=2 * streaming.interval_seconds + OLDEST_SECONDS,
        )
        for tenant in streaming.tenants
    ]
