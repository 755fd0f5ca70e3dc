"""Retrieval: the vector store, and its schema."""

import aws_cdk as cdk
from constructs import Construct

from slipway_constructs.aurora_vector_store import DATABASE_NAME, AuroraCapacity, AuroraVectorStore
from slipway_constructs.isolated_subnets import IsolatedSubnets
from slipway_constructs.python_function import PythonFunction
from stacks.settings import Settings
from stacks.slipway_stack import SlipwayStack

# Raised with each change of the migrations of slipway_runtime.retrieve: it makes CloudFormation run them.
SCHEMA_VERSION = "2"
AUTO_PAUSE_MINUTES = 5


class RetrievalStack(SlipwayStack):
    """The stateful store. A custom resource brings the schema up to date: of a new cluster, and with a new version.

    Other dimensions are refused, and the deployment rolls back, unless the store is empty.
    """

    def __init__(self, scope: Construct, *, name: str, settings: Settings) -> None:
        super().__init__(scope, "retrieval", name=name, settings=settings)
        vpc_id, subnet_ids = self._place()
        store = AuroraVectorStore(
            self,
            "Store",
            capacity=self._capacity(),
            vpc_id=vpc_id,
            subnet_ids=subnet_ids,
            removal=self.removal,
            key=self.key(),
        )
        self._migrate(store)
        self.publish(
            {
                "cluster-arn": store.cluster_arn,
                "secret-arn": store.secret.secret_arn,
                "database-name": DATABASE_NAME,
            }
        )

    def _place(self) -> tuple[str, list[str]]:
        if self.settings.network.mode == "none":
            subnets = IsolatedSubnets(self, "Subnets")
            return subnets.vpc_id, subnets.subnet_ids
        return self.look_up("network", "vpc-id"), self.subnet_ids()

    def _capacity(self) -> AuroraCapacity:
        aurora = self.settings.retrieval.aurora
        return AuroraCapacity(
            engine_version=aurora.engine_version,
            min_acu=aurora.min_acu,
            max_acu=aurora.max_acu,
            auto_pause=cdk.Duration.minutes(aurora.auto_pause_minutes or AUTO_PAUSE_MINUTES),
            backup=cdk.Duration.days(aurora.backup_days),
            readers=aurora.readers,
        )

    def _migrate(self, store: AuroraVectorStore) -> None:
        migrate = PythonFunction(
            self,
            "MigrateStore",
            module="migrate_store",
            description="Creates and updates the vector store's schema",
            defaults=self.function_defaults("api"),
            timeout=cdk.Duration.minutes(5),
            memory=cdk.Size.mebibytes(256),
            variables={
                "DATABASE_CLUSTER_ARN": store.cluster_arn,
                "DATABASE_SECRET_ARN": store.secret.secret_arn,
                "DATABASE_NAME": DATABASE_NAME,
            },
        )
        store.allow_use(migrate.role)
        migration = cdk.CustomResource(
            self,
            "Migration",
            resource_type="Custom::VectorStoreMigration",
            service_token=migrate.function.function_arn,
            properties={
                # Another cluster is an empty one: a changed ARN makes CloudFormation run the migration on it.
                "ClusterArn": store.cluster_arn,
                "Dimensions": str(self.settings.retrieval.embedding.dimensions),
                "SchemaVersion": SCHEMA_VERSION,
            },
        )
        # Its permissions and the database must be there when it is called.
        migration.node.add_dependency(migrate.role.node.find_child("DefaultPolicy"), *store.instances)
