"""The audit table: who did what to what, when, from what, to what. Entries are added, never changed.

An entry is {subject, item: AT#ID, action, actor, before, after, detail}; AT in UTC to the microsecond, so that a query
of a subject is its history in order. Each is a link of a chain of hashes: audit_chain.py.
Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-sort-keys.html
"""

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from slipway_runtime.operate import audit_chain
from slipway_runtime.operate.clients import client


def record(
    table: str,
    subject: str,
    action: str,
    actor: str,
    before: str,
    after: str,
    detail: Mapping[str, Any],
    *,
    at: str = "",
    entry_id: str = "",
    dynamodb: Any = None,
) -> str:
    """Add an entry and return its key `AT#ID`.

    `at`, `entry_id`: of what may be tried again, so that it stands there once.   `dynamodb`: another client than the
    function's own.
    """
    at = at or datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    item, dynamodb = f"{at}#{entry_id or uuid.uuid4().hex}", dynamodb or client("dynamodb")
    entry = {"subject": subject, "item": item, "action": action, "actor": actor, "before": before, "after": after}
    entry["detail"] = json.dumps(dict(detail), sort_keys=True, default=str)
    audit_chain.append(dynamodb, table, entry)
    return item
