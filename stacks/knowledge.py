"""Knowledge: a Bedrock knowledge base over the curated documents, and the function that keeps it up to date."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_bedrock as bedrock
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_s3vectors as s3vectors
from constructs import Construct, IConstruct

from slipway_constructs.dead_lettered_queue import DeadLetteredQueue
from slipway_constructs.function_monitor import FunctionMonitor
from slipway_constructs.knowledge_base import KnowledgeBase, KnowledgeSource, Storage
from slipway_constructs.monitoring import Monitor
from slipway_constructs.permissions import allow, allow_key
from slipway_constructs.python_function import PythonFunction
from slipway_constructs.queue_monitor import QueueMonitor
from slipway_constructs.rule_monitor import RuleMonitor
from stacks.answering import SYNC_ACTIONS
from stacks.names import part_of_arn
from stacks.settings import Settings
from stacks.slipway_stack import SlipwayStack

# As slipway_runtime.retrieve.knowledge_base.documents and stores.aurora.schema have them.
PREFIX = "knowledge_base/"
TABLE = "bedrock_integration.knowledge_base"
INDEX = "knowledge-base"
# What Bedrock keeps with each vector and nobody filters by. Source: Amazon S3 user guide, "Using S3 Vectors with Amazon
# Bedrock Knowledge Bases".
NOT_FILTERED = ["AMAZON_BEDROCK_TEXT", "AMAZON_BEDROCK_METADATA"]
TIMEOUT = cdk.Duration.minutes(2)
GATHERED = cdk.Duration.minutes(5)
BATCH_SIZE = 100
# A message comes back each twelve minutes while a job runs: for a day.
MAX_RECEIVE_COUNT = 120
OLDEST_SECONDS = 6 * 3600
CURATED_REASON = "The function copies whichever curated document changed; keys come from documents' own."
COPIES_REASON = "Each curated document has a text and a metadata file below this prefix."


class KnowledgeStack(SlipwayStack):
    """The knowledge base, a queue of the curated documents that change, and what copies them and starts jobs."""

    def __init__(self, scope: Construct, *, name: str, settings: Settings) -> None:
        super().__init__(scope, "knowledge", name=name, settings=settings)
        embedding = settings.retrieval.embedding
        model = self.format_arn(
            service="bedrock", account="", resource="foundation-model", resource_name=embedding.model_id
        )
        source = KnowledgeSource(
            bucket_arn=self.bucket_arn("curated"), prefix=PREFIX, model_arn=model, dimensions=embedding.dimensions
        )
        base = KnowledgeBase(self, "Knowledge", source=source, key=self.key())
        storage, ready = self._aurora(base) if settings.retrieval.store == "aurora" else self._s3_vectors(base)
        base.build(f"slipway-{name}", storage, *ready)
        work = DeadLetteredQueue(
            self, "Changes", consumer_timeout=TIMEOUT, max_receive_count=MAX_RECEIVE_COUNT, key=self.key()
        )
        rule = self._feed(work)
        sync = self._sync(work, base)
        self.publish(
            {
                "knowledge-base-id": base.knowledge_base_id,
                "knowledge-base-arn": base.arn,
                "data-source-id": base.data_source_id,
                "queue-arn": work.queue.queue_arn,
                "dead-letter-queue-arn": work.dead_letters.queue_arn,
                "rule-name": rule.rule_name,
                "function-name": sync.function.function_name,
            }
        )

    def _aurora(self, base: KnowledgeBase) -> tuple[Storage, list[IConstruct]]:
        """Return the table that the store's migration has made. Bedrock reads it through the Data API."""
        names = {name: self.look_up("retrieval", name) for name in ("cluster-arn", "secret-arn", "database-name")}
        actions = ["rds:DescribeDBClusters", "rds-data:BatchExecuteStatement", "rds-data:ExecuteStatement"]
        allow(base.role, actions, [names["cluster-arn"]])
        allow(base.role, ["secretsmanager:GetSecretValue"], [names["secret-arn"]])
        kinds = bedrock.CfnKnowledgeBase
        fields = kinds.RdsFieldMappingProperty(
            primary_key_field="id",
            vector_field="embedding",
            text_field="chunks",
            metadata_field="metadata",
            custom_metadata_field="custom_metadata",
        )
        rds = kinds.RdsConfigurationProperty(
            resource_arn=names["cluster-arn"],
            credentials_secret_arn=names["secret-arn"],
            database_name=names["database-name"],
            table_name=TABLE,
            field_mapping=fields,
        )
        return Storage(type="RDS", rds_configuration=rds), []

    def _s3_vectors(self, base: KnowledgeBase) -> tuple[Storage, list[IConstruct]]:
        """Make an index in the store's bucket, beside those of the tenants."""
        index = s3vectors.CfnIndex(
            self,
            "Index",
            vector_bucket_arn=self.look_up("retrieval", "vector-bucket-arn"),
            index_name=INDEX,
            data_type="float32",
            dimension=self.settings.retrieval.embedding.dimensions,
            distance_metric="cosine",
            metadata_configuration=s3vectors.CfnIndex.MetadataConfigurationProperty(
                non_filterable_metadata_keys=NOT_FILTERED
            ),
        )
        index.apply_removal_policy(self.removal)
        calls = ("DeleteVectors", "GetIndex", "GetVectors", "ListVectors", "PutVectors", "QueryVectors")
        allow(base.role, [f"s3vectors:{call}" for call in calls], [index.attr_index_arn])
        vectors = bedrock.CfnKnowledgeBase.S3VectorsConfigurationProperty(index_arn=index.attr_index_arn)
        return Storage(type="S3_VECTORS", s3_vectors_configuration=vectors), [index]

    def _feed(self, work: DeadLetteredQueue) -> events.Rule:
        detail = {
            "bucket": {"name": [self.look_up("foundation", "curated-bucket-name")]},
            "object": {"key": [{"prefix": "curated/"}]},
        }
        pattern = events.EventPattern(
            source=["aws.s3"], detail_type=["Object Created", "Object Deleted"], detail=detail
        )
        return events.Rule(
            self,
            "CuratedEvents",
            description="Curated documents that come, change and go",
            event_pattern=pattern,
            targets=[targets.SqsQueue(work.queue, dead_letter_queue=work.dead_letters)],
        )

    def _sync(self, work: DeadLetteredQueue, base: KnowledgeBase) -> PythonFunction:
        sync = PythonFunction(
            self,
            "Sync",
            module="sync_knowledge_base",
            description="Copies curated documents for the knowledge base and starts ingestion jobs",
            defaults=self.function_defaults("api"),
            timeout=TIMEOUT,
            memory=cdk.Size.mebibytes(512),
            variables={
                "CURATED_BUCKET": self.look_up("foundation", "curated-bucket-name"),
                "KNOWLEDGE_BASE_ID": base.knowledge_base_id,
                "DATA_SOURCE_ID": base.data_source_id,
            },
        )
        bucket, key = self.bucket_arn("curated"), self.key()
        # Without s3:ListBucket S3 answers 403 rather than 404 for a document that has gone since its event.
        allow(sync.role, ["s3:ListBucket"], [bucket])
        allow(sync.role, ["s3:GetObject"], [f"{bucket}/curated/*"], wildcard_reason=CURATED_REASON)
        copies = [f"{bucket}/{PREFIX}*"]
        allow(sync.role, ["s3:DeleteObject", "s3:PutObject"], copies, wildcard_reason=COPIES_REASON)
        allow(sync.role, SYNC_ACTIONS, [base.arn])
        allow_key(sync.role, key.key_arn if key else None)
        sync.function.add_event_source(
            event_sources.SqsEventSource(
                work.queue,
                batch_size=BATCH_SIZE,
                max_batching_window=GATHERED,
                report_batch_item_failures=True,
                max_concurrency=2,  # the least that Lambda takes; of two batches at once one finds a job running
            )
        )
        return sync


def monitors(stack: SlipwayStack, topic_arn: str) -> list[Monitor]:
    """Watch the path of a change."""
    return [
        RuleMonitor(stack, "CuratedEvents", topic_arn=topic_arn, rule_name=stack.look_up("knowledge", "rule-name")),
        QueueMonitor(
            stack,
            "KnowledgeChanges",
            topic_arn=topic_arn,
            queue_name=part_of_arn(stack.look_up("knowledge", "queue-arn"), 5),
            dead_letter_queue_name=part_of_arn(stack.look_up("knowledge", "dead-letter-queue-arn"), 5),
            oldest_seconds=OLDEST_SECONDS,
        ),
        FunctionMonitor(
            stack,
            "KnowledgeSync",
            topic_arn=topic_arn,
            function_name=stack.look_up("knowledge", "function-name"),
            timeout=TIMEOUT,
        ),
    ]
