"""Amazon Kendra as the store: keyword search by Kendra's own ranking, without vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway_constructs.kendra_index import (
    MIGRATE_ACTIONS,
    SEARCH_ACTIONS,
    WRITE_ACTIONS,
    KendraIndex,
    allow_index,
)
from slipway_constructs.kendra_monitor import KendraMonitor
from slipway_constructs.permissions import allow
from stacks.stores import GUARD_READS, GUARD_WRITES, Access, Made

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk import aws_iam as iam

    from slipway_constructs.monitoring import Monitor
    from stacks.slipway_stack import SlipwayStack

EDITIONS = {"developer": "DEVELOPER_EDITION", "enterprise": "ENTERPRISE_EDITION"}


class KendraKind:
    """An index of all tenants; documents' guards lie in the documents table."""

    reach: Mapping[str, Sequence[str]] = {"kendra": (*WRITE_ACTIONS, "kendra:UpdateIndex"), "dynamodb": GUARD_WRITES}

    def make(self, stack: SlipwayStack) -> Made:
        """Make the index; the migration gives it its fields, and those that the settings add later."""
        settings = stack.settings.retrieval.kendra
        store = KendraIndex(
            stack,
            "Store",
            name=f"slipway-{stack.environment_name}",
            edition=EDITIONS[settings.edition],
            removal=stack.removal,
            key=stack.key(),
        )
        return Made(
            names={"index-id": store.index_id, "index-arn": store.index_arn},
            variables=_variables(stack, store.index_id),
            allow=lambda role: allow_index(role, store.index_arn, MIGRATE_ACTIONS),
            identity=" ".join([store.index_id, *sorted(settings.attributes)]),
        )

    def variables(self, stack: SlipwayStack) -> dict[str, str]:
        """Return the variables that name index, fields and table."""
        return _variables(stack, stack.look_up("retrieval", "index-id"))

    def allow(self, stack: SlipwayStack, role: iam.Role, access: Access) -> None:
        """Let a role search the index and read the guards; for writing change both."""
        index_arn = stack.look_up("retrieval", "index-arn")
        allow_index(role, index_arn, SEARCH_ACTIONS if access == "search" else WRITE_ACTIONS)
        allow(role, GUARD_READS if access == "search" else GUARD_WRITES, [stack.table_arn("documents")])

    def monitors(self, stack: SlipwayStack, topic_arn: str) -> list[Monitor]:
        """Watch the index."""
        return [KendraMonitor(stack, "Index", topic_arn=topic_arn, index_id=stack.look_up("retrieval", "index-id"))]


def _variables(stack: SlipwayStack, index_id: str) -> dict[str, str]:
    return {
        "STORE": "kendra",
        "KENDRA_INDEX_ID": index_id,
        "KENDRA_ATTRIBUTES": ",".join(stack.settings.retrieval.kendra.attributes),
        "DOCUMENTS_TABLE": stack.look_up("foundation", "documents-table-name"),
    }
