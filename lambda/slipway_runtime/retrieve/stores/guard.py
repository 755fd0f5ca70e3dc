"""The guard of each document, for stores without transactions: one item in the documents table, written conditionally.

An older event never overwrites a newer one, and a deletion is remembered. Each writer takes a claim, a number that
grows with every writer of the document; it writes what it writes under that number and then publishes it, which
succeeds only for the last claim. So readers, who believe the guard, see one whole version: the old one until the moment
of publishing, then the new one.
Source: Amazon DynamoDB developer guide, "Condition expressions", "Update expressions" (SET with arithmetic).
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from slipway_runtime.retrieve.stores.contract import StoreUnavailable

KEYS_PER_READ = 100
READ_ATTEMPTS = 5
FORCED_ATTEMPTS = 5
# Equal sequencers are the same event again, which may repeat its work unless a deletion came between.
NEWER = "#sequencer < :sequencer OR (#sequencer = :sequencer AND deleted = :no)"


@dataclass(frozen=True, kw_only=True)
class Guard:
    """What is known of a document: `claim` is its last writer's, `visible` that of the chunks to be found, 0 for none.

    `chunks` is how many were published under `visible`, at `published_at` (seconds since 1970); `digest` is what the
    store noted with them. Nothing is left of the claims before `cleared`. A deleted document keeps `visible` until its
    chunks are gone.
    """

    tenant: str
    document_id: str
    sequencer: str
    deleted: bool
    claim: int
    visible: int = 0
    chunks: int = 0
    published_at: int = 0
    digest: str = ""
    cleared: int = 0

    @property
    def left_nothing(self) -> bool:
        """Return whether earlier writers left nothing but what is shown: the last one published and cleared up."""
        return self.claim - 1 == self.visible == self.cleared

    def shows(self, tenant: str, claim: int) -> bool:
        """Return whether a chunk of that tenant, written under that claim, may be found."""
        return not self.deleted and self.tenant == tenant and self.visible == claim

    def must_overtake(self, claimed: "Guard") -> None:
        """Check that a claim gave way to a newer event, and not to the same one.

        Raises: StoreUnavailable for the same, which is being written elsewhere and has to be waited for.
        """
        if self.sequencer == claimed.sequencer and not self.deleted:
            raise StoreUnavailable(f"the same version of {claimed.document_id} is being written elsewhere")


@dataclass(frozen=True, kw_only=True)
class Guards:
    """The guards of one kind of store. Each write is atomic; a claim that is refused is None and has changed nothing.

    `client` is a DynamoDB client; the role needs GetItem, UpdateItem and BatchGetItem on the table.
    """

    client: Any
    table: str
    kind: str

    def claim(self, tenant: str, document_id: str, sequencer: str) -> Guard | None:
        """Claim a document for a version; None if it has a newer one, was deleted since, or is another tenant's."""
        condition = f"attribute_not_exists(document_id) OR (tenant_id = :tenant AND ({NEWER}))"
        return self._claim(tenant, document_id, sequencer, "deleted = :no", condition)

    def claim_existing(self, tenant: str, document_id: str, sequencer: str) -> Guard | None:
        """Claim a document that has a version; None if it has none, a newer one, or was deleted."""
        condition = "tenant_id = :tenant AND deleted = :no AND visible > :zero AND #sequencer <= :sequencer"
        return self._claim(tenant, document_id, sequencer, "deleted = :no", condition)

    def bury(self, tenant: str, document_id: str, sequencer: str, *, force: bool = False) -> Guard | None:
        """Note a deletion, also of what never was; None if a newer version is there and `force` is not given."""
        older = "attribute_not_exists(document_id) OR (tenant_id = :tenant AND #sequencer <= :sequencer)"
        for _ in range(FORCED_ATTEMPTS if force else 1):
            if buried := self._claim(tenant, document_id, sequencer, "deleted = :yes", older):
                return buried
            held = self.read([document_id]).get(document_id)
            if not force or held is None or held.tenant != tenant:
                return None
            # The newer sequencer stays, so that an event between the two cannot bring the document back.
            newer = "tenant_id = :tenant AND #sequencer = :sequencer"
            if buried := self._claim(tenant, document_id, held.sequencer, "deleted = :yes", newer):
                return buried
        raise StoreUnavailable("the document is written faster than it can be deleted")

    def publish(self, claimed: Guard, chunks: int, digest: str = "") -> bool:
        """Make what was written under a claim visible; False if there was another claim since."""
        values = {
            ":claim": _number(claimed.claim),
            ":chunks": _number(chunks),
            ":now": _number(int(time.time())),
            ":digest": {"S": digest},
        }
        update = "SET visible = :claim, chunks = :chunks, published_at = :now, digest = :digest"
        return self._update(claimed.document_id, update, "claim = :claim", values) is not None

    def clear(self, claimed: Guard) -> None:
        """Note that nothing is left of the claims before this one, unless there was another since."""
        self._update(claimed.document_id, "SET cleared = :claim", "claim = :claim", {":claim": _number(claimed.claim)})

    def forget(self, claimed: Guard) -> bool:
        """Note that a deleted document's chunks are gone; False if there was another claim since."""
        values = {":claim": _number(claimed.claim), ":zero": _number(0)}
        update = "SET visible = :zero, chunks = :zero"
        return self._update(claimed.document_id, update, "claim = :claim", values) is not None

    def read(self, document_ids: Iterable[str]) -> dict[str, Guard]:
        """Return the guards of documents, as of now; one that nobody has written is not there.

        Raises: StoreUnavailable if the table throttles.
        """
        wanted = sorted(set(document_ids))
        found: dict[str, Guard] = {}
        for start in range(0, len(wanted), KEYS_PER_READ):
            keys = [self._key(each) for each in wanted[start : start + KEYS_PER_READ]]
            for item in self._read(keys):
                guard = _guard(item)
                found[guard.document_id] = guard
        return found

    def _read(self, keys: list[dict[str, Any]]) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        for _ in range(READ_ATTEMPTS):
            request = {self.table: {"Keys": keys, "ConsistentRead": True}}
            answer = self.client.batch_get_item(RequestItems=request)
            items += answer["Responses"].get(self.table, [])
            keys = answer.get("UnprocessedKeys", {}).get(self.table, {}).get("Keys", [])
            if not keys:
                return items
        raise StoreUnavailable("the documents table throttles its readers")

    def _claim(self, tenant: str, document_id: str, sequencer: str, mark: str, condition: str) -> Guard | None:
        update = (
            "SET tenant_id = :tenant, #sequencer = :sequencer, claim = if_not_exists(claim, :zero) + :one, "
            f"visible = if_not_exists(visible, :zero), chunks = if_not_exists(chunks, :zero), {mark}"
        )
        values = {
            ":tenant": {"S": tenant},
            ":sequencer": {"S": sequencer},
            ":zero": _number(0),
            ":one": _number(1),
            ":no": {"BOOL": False},
            ":yes": {"BOOL": True},
        }
        return self._update(document_id, update, condition, values)

    def _update(self, document_id: str, update: str, condition: str, values: dict[str, Any]) -> Guard | None:
        # The service refuses names and values that no expression uses.
        used = {name: value for name, value in values.items() if name in _words(f"{update} {condition}")}
        names = {"ExpressionAttributeNames": {"#sequencer": "sequencer"}} if "#sequencer" in update else {}
        try:
            answer = self.client.update_item(
                TableName=self.table,
                Key=self._key(document_id),
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeValues=used,
                ReturnValues="ALL_NEW",
                **names,
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            return None
        return _guard(answer["Attributes"])

    def _key(self, document_id: str) -> dict[str, Any]:
        return {"document_id": {"S": document_id}, "item": {"S": f"store#{self.kind}"}}


def _words(expression: str) -> set[str]:
    return set(expression.replace("(", " ").replace(")", " ").replace(",", " ").split())


def _number(value: int) -> dict[str, str]:
    return {"N": str(value)}


def _guard(item: dict[str, Any]) -> Guard:
    return Guard(
        tenant=item["tenant_id"]["S"],
        document_id=item["document_id"]["S"],
        sequencer=item["sequencer"]["S"],
        deleted=item["deleted"]["BOOL"],
        claim=int(item["claim"]["N"]),
        visible=int(item["visible"]["N"]),
        chunks=int(item["chunks"]["N"]),
        published_at=int(item.get("published_at", {}).get("N", 0)),
        digest=item.get("digest", {}).get("S", ""),
        cleared=int(item.get("cleared", {}).get("N", 0)),
    )
