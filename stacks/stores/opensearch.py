"""OpenSearch Serverless as the vector store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk

from slipway_constructs.opensearch_monitor import OpenSearchMonitor
from slipway_constructs.opensearch_vector_store import (
    MIGRATE,
    READ,
    WRITE,
    CollectionCapacity,
    CollectionNetwork,
    OpenSearchVectorStore,
    allow_data,
    short_name,
)
from slipway_constructs.permissions import allow, allow_key
from stacks.names import part_of_arn
from stacks.stores import GUARD_GENERATIONS, GUARD_READS, GUARD_WRITES, Access, Made

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk import aws_iam as iam
    from constructs import IConstruct

    from slipway_constructs.monitoring import Monitor
    from stacks.settings import Settings
    from stacks.slipway_stack import SlipwayStack

USED = ("collection-arn", "collection-name")


class OpenSearchKind:
    """A collection, reached over HTTPS; the guards of its documents are in the foundation's table."""

    # The collection's own endpoint is the store's.
    reach: Mapping[str, Sequence[str]] = {"dynamodb": GUARD_WRITES}

    generation_reach: Mapping[str, Sequence[str]] = {"dynamodb": GUARD_GENERATIONS}

    def make(self, stack: SlipwayStack) -> Made:
        """Make the collection."""
        store = OpenSearchVectorStore(
            stack,
            "Store",
            prefix=short_name("slipway", stack.environment_name),
            capacity=_capacity(stack.settings),
            network=_network(stack),
            key=stack.key(),
            removal=stack.removal,
        )
        names = {
            "collection-arn": store.collection.attr_arn,
            "collection-name": store.name,
            "collection-endpoint": store.collection.attr_collection_endpoint,
        }
        ready: list[IConstruct] = [store.collection]

        def allow_migration(role: iam.Role) -> None:
            ready.append(_allow(stack, role, names, MIGRATE))

        settings = stack.settings.retrieval.opensearch
        graph = {"OPENSEARCH_M": str(settings.m), "OPENSEARCH_EF_CONSTRUCTION": str(settings.ef_construction)}
        return Made(
            names=names,
            variables={**_variables(stack, names), **graph},
            allow=allow_migration,
            identity=f"{store.collection.attr_arn} {settings.m} {settings.ef_construction}",
            ready=ready,
        )

    def variables(self, stack: SlipwayStack) -> dict[str, str]:
        """Return the variables that name the collection's endpoint and the table of the guards."""
        return _variables(stack, {"collection-endpoint": stack.look_up("retrieval", "collection-endpoint")})

    def allow(self, stack: SlipwayStack, role: iam.Role, access: Access) -> None:
        """Let a role read chunks and guards, or also write them."""
        _allow(stack, role, _published(stack), READ if access == "search" else WRITE)
        allow(role, GUARD_READS if access == "search" else GUARD_WRITES, [stack.table_arn("documents")])
        key = stack.key()
        allow_key(role, key.key_arn if key else None)

    def allow_generations(self, stack: SlipwayStack, role: iam.Role) -> None:
        """Let a role make, count and delete indexes, and read and delete their guards."""
        _allow(stack, role, _published(stack), (*MIGRATE, "aoss:DeleteIndex", "aoss:ReadDocument"))
        allow(role, GUARD_GENERATIONS, [stack.table_arn("documents")])

    def monitors(self, stack: SlipwayStack, topic_arn: str) -> list[Monitor]:
        """Watch the collection."""
        names = _published(stack)
        return [
            OpenSearchMonitor(
                stack,
                "Collection",
                topic_arn=topic_arn,
                collection_id=_id(names["collection-arn"]),
                collection_name=names["collection-name"],
                account=stack.account,
            )
        ]


def _published(stack: SlipwayStack) -> dict[str, str]:
    return {name: stack.look_up("retrieval", name) for name in USED}


def _variables(stack: SlipwayStack, names: dict[str, str]) -> dict[str, str]:
    return {
        "STORE": "opensearch",
        "OPENSEARCH_ENDPOINT": names["collection-endpoint"],
        "DOCUMENTS_TABLE": stack.look_up("foundation", "documents-table-name"),
    }


def _allow(stack: SlipwayStack, role: iam.Role, names: dict[str, str], permissions: tuple[str, ...]) -> IConstruct:
    # A role's path is its own within the environment.
    policy = short_name("slipway", stack.environment_name, stack.part, role.node.path.replace("/", "-"))
    return allow_data(
        role,
        collection_arn=names["collection-arn"],
        collection_name=names["collection-name"],
        permissions=permissions,
        policy_name=policy,
    )


def _id(arn: str) -> str:
    """Return the id at the end of a collection's ARN, a token."""
    return cdk.Fn.select(1, cdk.Fn.split("/", part_of_arn(arn, 5)))


def _network(stack: SlipwayStack) -> CollectionNetwork | None:
    network = stack.function_network()
    if network is None:
        return None
    return CollectionNetwork(
        vpc_id=stack.look_up("network", "vpc-id"),
        subnet_ids=network.subnet_ids,
        security_group_ids=network.security_group_ids,
    )


def _capacity(settings: Settings) -> CollectionCapacity:
    opensearch = settings.retrieval.opensearch
    return CollectionCapacity(
        nextgen=opensearch.generation == "nextgen",
        standby_replicas=opensearch.standby_replicas,
        max_indexing_ocu=opensearch.max_indexing_ocu,
        max_search_ocu=opensearch.max_search_ocu,
    )
