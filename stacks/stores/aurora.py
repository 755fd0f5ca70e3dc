"""Aurora PostgreSQL with pgvector as the vector store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk

from slipway_constructs.aurora_vector_store import (
    DATA_API_ACTIONS,
    DATA_API_READS,
    DATABASE_NAME,
    AuroraCapacity,
    AuroraVectorStore,
    allow_data_api,
)
from slipway_constructs.database_monitor import DatabaseMonitor
from slipway_constructs.isolated_subnets import IsolatedSubnets
from stacks.names import part_of_arn
from stacks.stores import Access, Made

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk import aws_iam as iam

    from slipway_constructs.monitoring import Monitor
    from stacks.settings import Settings
    from stacks.slipway_stack import SlipwayStack

AUTO_PAUSE_MINUTES = 5


class AuroraKind:
    """A serverless cluster, reached by the Data API."""

    reach: Mapping[str, Sequence[str]] = {"rds-data": DATA_API_ACTIONS}

    generation_reach: Mapping[str, Sequence[str]] = {}

    def make(self, stack: SlipwayStack) -> Made:
        """Make the cluster."""
        vpc_id, subnet_ids = _place(stack)
        store = AuroraVectorStore(
            stack,
            "Store",
            capacity=_capacity(stack.settings),
            vpc_id=vpc_id,
            subnet_ids=subnet_ids,
            removal=stack.removal,
            key=stack.key(),
        )
        names = {
            "cluster-arn": store.cluster_arn,
            "secret-arn": store.secret.secret_arn,
            "database-name": DATABASE_NAME,
        }
        return Made(
            names=names,
            variables=_variables(names),
            allow=store.allow_use,
            identity=store.cluster_arn,
            ready=store.instances,
        )

    def variables(self, stack: SlipwayStack) -> dict[str, str]:
        """Return the variables that name cluster, secret and database."""
        return _variables(
            {name: stack.look_up("retrieval", name) for name in ("cluster-arn", "secret-arn", "database-name")}
        )

    def allow(self, stack: SlipwayStack, role: iam.Role, access: Access) -> None:
        """Let a role run statements; for searching no transactions."""
        actions = DATA_API_READS if access == "search" else DATA_API_ACTIONS
        key = stack.key()
        cluster, secret = stack.look_up("retrieval", "cluster-arn"), stack.look_up("retrieval", "secret-arn")
        allow_data_api(role, cluster, secret, key.key_arn if key else None, actions=actions)

    def allow_generations(self, stack: SlipwayStack, role: iam.Role) -> None:
        """Let a role run statements and transactions: a generation is a schema."""
        self.allow(stack, role, "write")

    def monitors(self, stack: SlipwayStack, topic_arn: str) -> list[Monitor]:
        """Watch the cluster."""
        return [
            DatabaseMonitor(
                stack,
                "Database",
                topic_arn=topic_arn,
                cluster_identifier=part_of_arn(stack.look_up("retrieval", "cluster-arn"), 6),
                max_acu=stack.settings.retrieval.aurora.max_acu,
            )
        ]


def _variables(names: dict[str, str]) -> dict[str, str]:
    return {
        "STORE": "aurora",
        "DATABASE_CLUSTER_ARN": names["cluster-arn"],
        "DATABASE_SECRET_ARN": names["secret-arn"],
        "DATABASE_NAME": names["database-name"],
    }


def _place(stack: SlipwayStack) -> tuple[str, list[str]]:
    if stack.settings.network.mode == "none":
        subnets = IsolatedSubnets(stack, "Subnets")
        return subnets.vpc_id, subnets.subnet_ids
    return stack.look_up("network", "vpc-id"), stack.subnet_ids()


def _capacity(settings: Settings) -> AuroraCapacity:
    aurora = settings.retrieval.aurora
    return AuroraCapacity(
        engine_version=aurora.engine_version,
        min_acu=aurora.min_acu,
        max_acu=aurora.max_acu,
        auto_pause=cdk.Duration.minutes(aurora.auto_pause_minutes or AUTO_PAUSE_MINUTES),
        backup=cdk.Duration.days(aurora.backup_days),
        readers=aurora.readers,
    )
