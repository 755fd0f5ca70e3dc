"""S3 Vectors as the vector store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk

from slipway_constructs.permissions import allow
from slipway_constructs.s3_vectors_store import (
    GENERATION_ACTIONS,
    WRITE_ACTIONS,
    S3VectorsStore,
    allow_indexes,
    allow_settings,
    allow_vectors,
)
from stacks.stores import GUARD_GENERATIONS, GUARD_READS, GUARD_WRITES, Access, Made

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk import aws_iam as iam

    from slipway_constructs.monitoring import Monitor
    from stacks.slipway_stack import SlipwayStack


class S3VectorsKind:
    """A vector bucket, with an index for each tenant; documents' guards lie in the documents table."""

    reach: Mapping[str, Sequence[str]] = {"s3vectors": WRITE_ACTIONS, "dynamodb": GUARD_WRITES}

    generation_reach: Mapping[str, Sequence[str]] = {"s3vectors": GENERATION_ACTIONS, "dynamodb": GUARD_GENERATIONS}

    def make(self, stack: SlipwayStack) -> Made:
        """Make the bucket."""
        key = stack.key()
        emptying = stack.function_defaults("api") if stack.removal == cdk.RemovalPolicy.DESTROY else None
        store = S3VectorsStore(stack, "Store", removal=stack.removal, emptying=emptying, key=key)
        names = {"vector-bucket-name": store.bucket_name, "vector-bucket-arn": store.bucket_arn}
        return Made(
            names=names,
            variables=self._variables(stack, store.bucket_name),
            allow=lambda role: allow_settings(role, store.bucket_arn, key.key_arn if key else None),
            identity=store.bucket_arn,
        )

    def variables(self, stack: SlipwayStack) -> dict[str, str]:
        """Return the variables that name bucket and table."""
        return self._variables(stack, stack.look_up("retrieval", "vector-bucket-name"))

    def _variables(self, stack: SlipwayStack, bucket_name: str) -> dict[str, str]:
        language = stack.settings.retrieval.s3_vectors.text_language
        return {
            "STORE": "s3_vectors",
            "VECTOR_BUCKET_NAME": bucket_name,
            "DOCUMENTS_TABLE": stack.look_up("foundation", "documents-table-name"),
            **({"TEXT_LANGUAGE": language} if language else {}),
        }

    def allow(self, stack: SlipwayStack, role: iam.Role, access: Access) -> None:
        """Let a role search the vectors and read the guards; for writing change both."""
        key = stack.key()
        bucket_arn = stack.look_up("retrieval", "vector-bucket-arn")
        allow_vectors(role, bucket_arn, key.key_arn if key else None, access=access)
        allow(role, GUARD_READS if access == "search" else GUARD_WRITES, [stack.table_arn("documents")])

    def allow_generations(self, stack: SlipwayStack, role: iam.Role) -> None:
        """Let a role make, list and delete indexes, and read and delete their guards."""
        allow_indexes(role, stack.look_up("retrieval", "vector-bucket-arn"))
        allow(role, GUARD_GENERATIONS, [stack.table_arn("documents")])

    def monitors(self, stack: SlipwayStack, topic_arn: str) -> list[Monitor]:  # noqa: ARG002 - as every kind
        """Return none: the service has no metrics. What fails there, fails in the functions and queues, which do."""
        return []
