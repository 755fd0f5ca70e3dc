"""Retrieval: the vector store, and its schema."""

import json

import aws_cdk as cdk
from constructs import Construct

from slipway_constructs.monitoring import Monitor
from slipway_constructs.permissions import allow, allow_key
from slipway_constructs.python_function import PythonFunction
from stacks.settings import Settings
from stacks.slipway_stack import SlipwayStack
from stacks.stores import Made, generation_kind, kind

# Raised with each change of the migrations of slipway_runtime.retrieve: it makes CloudFormation run them.
SCHEMA_VERSION = "5"


class RetrievalStack(SlipwayStack):
    """The stateful store. A custom resource brings the schema up to date: of a new store, and with a new version.

    It refuses, and the deployment rolls back, settings without the model of a generation of the index that is there.
    """

    def __init__(self, scope: Construct, *, name: str, settings: Settings) -> None:
        super().__init__(scope, "retrieval", name=name, settings=settings)
        store = kind(settings).make(self)
        self._migrate(store)
        self.publish(store.names)

    def _migrate(self, store: Made) -> None:
        embedding = self.settings.retrieval.embedding
        # Whether the migration makes the table of a knowledge base too; another value makes it run.
        knowledge = {"KNOWLEDGE_BASE": "true"} if self.settings.retrieval.knowledge_base.enabled else {}
        migrate = PythonFunction(
            self,
            "MigrateStore",
            module="migrate_store",
            description="Creates and updates the vector store's schema",
            defaults=self.function_defaults("api"),
            timeout=cdk.Duration.minutes(5),
            memory=cdk.Size.mebibytes(256),
            variables={
                **store.variables,
                **self.generation_variables(),
                **knowledge,
                **self.embedding_variables(),
                **self.settings.ingestion.chunk_variables,
            },
        )
        store.allow(migrate.role)
        if generation_kind(self.settings):
            key = self.key()
            allow(migrate.role, ["dynamodb:GetItem", "dynamodb:PutItem"], [self.table_arn("documents")])
            allow_key(migrate.role, key.key_arn if key else None)
        migration = cdk.CustomResource(
            self,
            "Migration",
            resource_type="Custom::VectorStoreMigration",
            service_token=migrate.function.function_arn,
            properties={
                # Another store is an empty one: a changed identity makes CloudFormation run the migration on it.
                "Store": store.identity,
                "Dimensions": str(embedding.dimensions),
                "Models": json.dumps([[each.model_id, each.dimensions] for _, each in embedding.models]),
                "SchemaVersion": SCHEMA_VERSION,
                **({"KnowledgeBase": "true"} if knowledge else {}),
            },
        )
        # Its permissions and the store must be there when it is called.
        migration.node.add_dependency(migrate.role.node.find_child("DefaultPolicy"), *store.ready)


def monitors(stack: SlipwayStack, topic_arn: str) -> list[Monitor]:
    """Watch the vector store."""
    return kind(stack.settings).monitors(stack, topic_arn)
