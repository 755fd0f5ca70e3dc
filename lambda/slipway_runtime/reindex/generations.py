"""Which generations of the index there are: one item of the documents table, the same for every kind of store.

Searches read `active` alone. Writers write to all of `written`. There is at most one beside the active: `building`
until it is switched to, `previous` after. Each change is one conditional write, so that two people cannot both make it.
Source: Amazon DynamoDB developer guide, "Condition expressions" (optimistic locking by a revision).
"""

from dataclasses import dataclass
from typing import Any

import msgspec

KEY = {"document_id": {"S": "index"}, "item": {"S": "generations"}}
DROP_FIRST = "`slipway reindex drop` removes it"


class Refused(Exception):  # noqa: N818 - says what is wrong
    """What was asked for cannot be done now; the text says why, and what helps."""


class Generation(msgspec.Struct, frozen=True, kw_only=True):
    """One index, of one model. `chunks` names the settings of its chunks; `execution` is the ARN of what builds it."""

    number: int
    model_id: str
    dimensions: int
    chunks: str = ""
    execution: str = ""
    is_built: bool = False

    @property
    def label(self) -> str:
        """What people are told."""
        return f"generation {self.number} ({self.model_id}, {self.dimensions} dimensions)"


class Generations(msgspec.Struct, frozen=True, kw_only=True):
    """The generations of an environment. `last` is the highest number there ever was; none is given twice."""

    active: Generation
    building: Generation | None = None
    previous: Generation | None = None
    dropping: Generation | None = None
    last: int = 1
    revision: int = 0

    @property
    def written(self) -> list[Generation]:
        """Those that every change of a document goes to, the active one first."""
        return [each for each in (self.active, self.building, self.previous) if each]

    @property
    def kept(self) -> list[Generation]:
        """Those that are there, also the one that is being removed."""
        return [*self.written, *([self.dropping] if self.dropping else [])]

    def begun(self, made: Generation) -> "Generations":
        """Return them with a new one being built. Raises: Refused if there is one beside the active."""
        for other in self.kept[1:]:
            raise Refused(f"{other.label} is still there: {DROP_FIRST}")
        return self._with(building=made, last=made.number)

    def built(self, number: int) -> "Generations":
        """Return them with the one being built complete. Raises: Refused if it is another one."""
        if self.building is None or self.building.number != number:
            raise Refused(f"generation {number} is not being built any more")
        return self._with(building=msgspec.structs.replace(self.building, is_built=True))

    def switched(self) -> "Generations":
        """Return them with the new one active and the old one kept. Raises: Refused if there is no complete one."""
        if self.building is None:
            raise Refused("there is no new generation to switch to: `slipway reindex start` builds one")
        if not self.building.is_built:
            raise Refused(f"{self.building.label} is still being built: `slipway reindex status` shows how far it is")
        return self._with(active=self.building, previous=self.active, building=None)

    def rolled_back(self) -> "Generations":
        """Return them with the previous one active; the one that was can be switched to again, or dropped."""
        if self.previous is None:
            raise Refused("there is no previous generation to go back to")
        return self._with(active=self.previous, building=self.active, previous=None)

    def dropped(self) -> "Generations":
        """Return them without the one beside the active, which is to be removed now. Raises: Refused if none is."""
        if self.dropping and len(self.written) == 1:
            return self
        other = self.building or self.previous
        if other is None:
            raise Refused(f"there is nothing beside {self.active.label}")
        return self._with(building=None, previous=None, dropping=other)

    def removed(self, number: int) -> "Generations":
        """Return them without the one that has been removed."""
        if self.dropping is None or self.dropping.number != number:
            raise Refused(f"generation {number} is not being dropped")
        return self._with(dropping=None)

    def _with(self, **changes: Any) -> "Generations":
        return msgspec.structs.replace(self, **changes, revision=self.revision + 1)


@dataclass(frozen=True, kw_only=True)
class Registry:
    """The item. `client` is a DynamoDB client; readers need GetItem, who changes it PutItem."""

    client: Any
    table: str

    def read(self) -> Generations | None:
        """Return what is there, read consistently; None before the first migration."""
        item = self.client.get_item(TableName=self.table, Key=KEY, ConsistentRead=True).get("Item")
        return msgspec.json.decode(item["state"]["S"], type=Generations) if item else None

    def write(self, changed: Generations) -> Generations:
        """Write what was read and changed once. Raises: Refused if somebody else changed it since."""
        try:
            self.client.put_item(
                TableName=self.table,
                Item={
                    **KEY,
                    "state": {"S": msgspec.json.encode(changed).decode()},
                    "revision": {"N": str(changed.revision)},
                },
                ConditionExpression="attribute_not_exists(document_id) OR revision = :before",
                ExpressionAttributeValues={":before": {"N": str(changed.revision - 1)}},
            )
        except self.client.exceptions.ConditionalCheckFailedException as error:
            raise Refused("somebody else changed the generations at the same moment: look at their status") from error
        return changed
