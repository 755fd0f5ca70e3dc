"""What takes answers away that were made from a document which is deleted, where the environment keeps answers."""

from __future__ import annotations

from slipway_runtime import settings
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.operate.rows import Table

# An exchange that began before a deletion may keep its answer for as long as a function runs.
UNDER_WAY_SECONDS = 900


def unsay(tenant: str, document_id: str, deadline: Deadline, *, until: int | None = None) -> dict[str, int]:
    """Remove cached answers and answers in conversations, and return how many there were by kind.

    `until`: when the document was deleted that is there again, in seconds since 1970. Nothing where none is kept.
    """
    removed = {}
    if name := settings.optional("CACHE_TABLE"):
        from slipway_runtime.generate.cache.answers import Answers  # noqa: PLC0415 - not every one keeps answers

        answers = Answers(table=Table(client=client("dynamodb"), name=name), seconds=0)
        removed["cached_answers"] = answers.forget(tenant, document_id, deadline)
    if name := settings.optional("CONVERSATIONS_TABLE"):
        from slipway_runtime.generate.memory.forgetting import Forgetting  # noqa: PLC0415

        forgetting = Forgetting(table=Table(client=client("dynamodb"), name=name), tenant=tenant)
        last = until + UNDER_WAY_SECONDS if until is not None else None
        removed["turns"] = forgetting.forget(document_id, deadline, until=last)
    return removed
