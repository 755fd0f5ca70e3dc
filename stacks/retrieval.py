"""Retrieval: the vector store, and its schema."""

import aws_cdk as cdk
from constructs import Construct

from slipway_constructs.monitoring import Monitor
from slipway_constructs.python_function import PythonFunction
from stacks.settings import Settings
from stacks.slipway_stack import SlipwayStack
from stacks.stores import Made, kind

# Raised with each change of the migrations of slipway_runtime.retrieve: it makes CloudFormation run them.
SCHEMA_VERSION = "4"


class RetrievalStack(SlipwayStack):
    """The stateful store. A custom resource brings the schema up to date: of a new store, and with a new version.

    Other dimensions are refused, and the deployment rolls back, unless the store is empty.
    """

    def __init__(self, scope: Construct, *, name: str, settings: Settings) -> None:
        super().__init__(scope, "retrieval", name=name, settings=settings)
        store = kind(settings).make(self)
        self._migrate(store)
        self.publish(store.names)

    def _migrate(self, store: Made) -> None:
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
            variables={**store.variables, **knowledge},
        )
        store.allow(migrate.role)
        migration = cdk.CustomResource(
            self,
            "Migration",
            resource_type="Custom::VectorStoreMigration",
            service_token=migrate.function.function_arn,
            properties={
                # Another store is an empty one: a changed identity makes CloudFormation run the migration on it.
                "Store": store.identity,
                "Dimensions": str(self.settings.retrieval.embedding.dimensions),
                "SchemaVersion": SCHEMA_VERSION,
                **({"KnowledgeBase": "true"} if knowledge else {}),
            },
        )
        # Its permissions and the store must be there when it is called.
        migration.node.add_dependency(migrate.role.node.find_child("DefaultPolicy"), *store.ready)


def monitors(stack: SlipwayStack, topic_arn: str) -> list[Monitor]:
    """Watch the vector store."""
    return kind(stack.settings).monitors(stack, topic_arn)
