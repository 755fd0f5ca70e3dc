"""Foundation: what holds data and outlives the rest: key, buckets, tables, and the topic of alarms."""

import functools

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from slipway_constructs.data_trail import trail_access
from slipway_constructs.empty_bucket import EmptyBucketOnDelete
from slipway_constructs.encryption_key import EncryptionKey
from slipway_constructs.mlflow_app import MlflowApp
from slipway_constructs.monitoring import Monitor
from slipway_constructs.secure_bucket import AccessLogsBucket, SecureBucket
from slipway_constructs.table_monitor import TableMonitor
from stacks.names import trail_name
from stacks.retention import ARTIFACTS, ARTIFACTS_WORK, CORPUS, CORPUS_WORK, expiry, leftover, raw_rules
from stacks.settings import Settings
from stacks.slipway_stack import PENDING_INDEX, TENANT_INDEX, SlipwayStack
from stacks.tables import TABLES, Kind, table_names


class FoundationStack(SlipwayStack):
    """The stateful base. Functions appear here only with removal: destroy, to empty the buckets."""

    def __init__(self, scope: Construct, *, name: str, settings: Settings) -> None:
        super().__init__(scope, "foundation", name=name, settings=settings)
        key = self._own_key()
        log_retention = cdk.Duration.days(settings.observability.log_retention_days)
        access_logs = AccessLogsBucket(self, "AccessLogs", removal=self.removal, retention=log_retention)
        buckets, tables = self._buckets(access_logs, key), self._tables(key)
        if settings.governance.trail:
            buckets["trail"] = self._trail_bucket(access_logs, key)
        topic = self._alarm_topic("Alarms", key, email=settings.observability.alarm_email)
        # What a summary stands for goes here: to a chat, or to who wants each.
        single = self._alarm_topic("SingleAlarms", key) if settings.observability.alarms == "all" else None
        if self.removal == cdk.RemovalPolicy.DESTROY:
            self._empty_on_delete(list(buckets.values()), access_logs, key)
        self.publish(
            {
                **{f"{part}-bucket-name": each.bucket.bucket_name for part, each in buckets.items()},
                **{f"{part}-table-name": each.table_name for part, each in tables.items()},
                **_streams(tables),
                "alarm-topic-arn": topic.topic_arn,
                **({"single-alarm-topic-arn": single.topic_arn} if single else {}),
                **({"key-arn": key.key_arn} if key else {}),
                **self._tracking(buckets["artifacts"], key),
            }
        )

    def _tracking(self, artifacts: SecureBucket, key: kms.IKey | None) -> dict[str, str]:
        if not (self.settings.training.enabled and self.settings.training.tracking.mlflow):
            return {}
        made = MlflowApp(
            self,
            "Tracking",
            name=f"slipway-{self.environment_name}",
            bucket_name=artifacts.bucket.bucket_name,
            removal=self.removal,
            key_arn=key.key_arn if key else None,
        )
        return {"mlflow-app-arn": made.arn}

    def _buckets(self, access_logs: AccessLogsBucket, key: kms.IKey | None) -> dict[str, SecureBucket]:
        ingestion, retention = self.settings.ingestion, self.settings.ingestion.retention
        keep = cdk.Duration.days(ingestion.keep_versions_days)
        bucket = functools.partial(SecureBucket, self, access_logs=access_logs.bucket, removal=self.removal, key=key)
        raw = raw_rules(retention, streams=bool(ingestion.streaming.tenants))
        return {
            "raw": bucket("Raw", keep_versions=keep, lifecycle=raw, object_lock=retention.legal_hold),
            # Made anew from the raw one at any time: a replaced version stays only while a worker could still be at it.
            "curated": bucket(
                "Curated",
                keep_versions=cdk.Duration.days(1),
                # As long as Step Functions lets a failed run be redriven.
                lifecycle=[*expiry(CORPUS, retention.corpus_days), leftover(CORPUS_WORK, days=14)],
                events=self.settings.retrieval.knowledge_base.enabled,
            ),
            # Training sets, labelling jobs and models: each version of them is cited by what was made of it.
            "artifacts": bucket(
                "Artifacts",
                keep_versions=keep,
                # What a build of a dataset that failed has left; one that ends well takes it away itself.
                lifecycle=[*expiry(ARTIFACTS, retention.artifacts_days), leftover(ARTIFACTS_WORK, days=7)],
                events=False,
            ),
        }

    def _tables(self, key: kms.IKey | None) -> dict[str, dynamodb.Table]:
        tables = {name: self._table(name.capitalize(), TABLES[name], key) for name in table_names(self.settings)}
        for name, partition_key, sort_key in ((TENANT_INDEX, "tenant", "path"), (PENDING_INDEX, "erasure", "due")):
            tables["documents"].add_global_secondary_index(
                index_name=name, partition_key=_text(partition_key), sort_key=_text(sort_key)
            )
        return tables

    def _trail_bucket(self, access_logs: AccessLogsBucket, key: kms.IKey | None) -> SecureBucket:
        days = cdk.Duration.days(self.settings.governance.trail_days)
        made = SecureBucket(
            self,
            "Trail",
            access_logs=access_logs.bucket,
            removal=self.removal,
            keep_versions=days,
            lifecycle=[s3.LifecycleRule(expiration=days)],
            events=False,
            key=key,
        )
        name = trail_name(self.environment_name)
        arn = self.format_arn(service="cloudtrail", resource="trail", resource_name=name)
        trail_access(made.bucket, trail_arn=arn, account=self.account)
        return made

    def _own_key(self) -> kms.IKey | None:
        if self.settings.encryption.customer_managed_key:
            return EncryptionKey(self, "EnvironmentKey", removal=self.removal).key
        return self.key()

    def _table(self, construct_id: str, kind: Kind, key: kms.IKey | None) -> dynamodb.Table:
        return dynamodb.Table(
            self,
            construct_id,
            partition_key=_text(kind.partition_key),
            sort_key=_text(kind.sort_key),
            stream=dynamodb.StreamViewType.NEW_IMAGE if kind.stream else None,
            time_to_live_attribute="expires_at" if kind.expiring else None,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED if key else dynamodb.TableEncryption.DEFAULT,
            encryption_key=key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            resource_policy=_append_only() if kind.append_only else None,
            deletion_protection=self.removal != cdk.RemovalPolicy.DESTROY,
            removal_policy=self.removal,
        )

    def _alarm_topic(self, construct_id: str, key: kms.IKey | None, *, email: str | None = None) -> sns.Topic:
        topic = sns.Topic(self, construct_id, enforce_ssl=True, master_key=key)
        # The policy that requires TLS replaces the topic's default one, under which alarms could publish.
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="Alarms",
                principals=[iam.ServicePrincipal(f"{service}.amazonaws.com") for service in self._tellers()],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": self.account}},
            )
        )
        if email:
            topic.add_subscription(subscriptions.EmailSubscription(email))
        return topic

    def _tellers(self) -> list[str]:
        """Return the services that publish to topics of alarms."""
        return ["cloudwatch", *(["budgets", "costalerts"] if self.settings.governance.watches_money else [])]

    def _empty_on_delete(
        self, buckets: list[SecureBucket], access_logs: AccessLogsBucket, key: kms.IKey | None
    ) -> None:
        # This stack comes before the network, so its function runs outside the VPC.
        defaults = self.function_defaults("api", key=key, in_network=False)
        emptier = EmptyBucketOnDelete(self, "EmptyBuckets", defaults=defaults)
        emptied_last = emptier.add("EmptyAccessLogs", access_logs.bucket)
        for each in buckets:
            emptier.add(f"Empty{each.node.id}", each.bucket)
            # Deleted in reverse: first the buckets that write the logs, then the logs.
            each.bucket.node.add_dependency(emptied_last)


def monitors(stack: SlipwayStack, topic_arn: str) -> list[Monitor]:
    """Watch the tables."""
    tables = {name: stack.look_up("foundation", f"{name}-table-name") for name in table_names(stack.settings)}
    return [TableMonitor(stack, "Tables", topic_arn=topic_arn, tables=tables)]


def _append_only() -> iam.PolicyDocument:
    """Deny everybody, whatever else allows it, to change or remove an item of the table that has this policy."""
    changes = ("BatchWriteItem", "DeleteItem", "PartiQLDelete", "PartiQLUpdate", "UpdateItem")
    return iam.PolicyDocument(
        statements=[
            iam.PolicyStatement(
                sid="AppendOnly",
                effect=iam.Effect.DENY,
                principals=[iam.AnyPrincipal()],
                actions=[f"dynamodb:{action}" for action in changes],
                resources=["*"],  # in a table's policy: this table
            )
        ]
    )


def _streams(tables: dict[str, dynamodb.Table]) -> dict[str, str]:
    return {f"{name}-stream-arn": arn for name, table in tables.items() if (arn := table.table_stream_arn)}


def _text(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
