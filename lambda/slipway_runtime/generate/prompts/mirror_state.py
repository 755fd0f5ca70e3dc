"""What the mirror of one prompt remembers: the prompt in Bedrock, and what became of each version of the catalogue."""

from dataclasses import dataclass

import msgspec

from slipway_runtime.operate import rows
from slipway_runtime.operate.rows import NEW, Table

ITEM = "mirror"
KEPT = 100  # versions that the row tells of


class Copy(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of the version `number`: Bedrock's `version`, or "" and `why` not."""

    number: int
    version: str = ""
    why: str = ""


class Mirror(msgspec.Struct, frozen=True, omit_defaults=True):
    """The prompt `id` in Bedrock, "" if there is none yet. `latest`: the last version that was dealt with.

    `waiting`: why the next one could not be yet, or "". `revision`: counts the writes of the row.
    """

    id: str = ""
    arn: str = ""
    latest: int = 0
    copies: tuple[Copy, ...] = ()
    waiting: str = ""
    revision: int = 0


@dataclass(frozen=True, kw_only=True)
class MirrorRows:
    """The rows of the mirrors, one below each prompt."""

    table: Table

    def get(self, subject: str) -> Mirror:
        """Return the mirror of a prompt, an empty one if there is none."""
        row = self.table.get(subject, ITEM)
        return msgspec.json.decode(str(row["mirror"]), type=Mirror) if row else Mirror()

    def put(self, subject: str, mirror: Mirror) -> Mirror:
        """Write a mirror and return it. Raises: Conflict if somebody wrote it since it was read."""
        new = msgspec.structs.replace(mirror, copies=mirror.copies[-KEPT:], revision=mirror.revision + 1)
        row: rows.Row = {"subject": subject, "item": ITEM, "revision": new.revision}
        row |= {"mirror": msgspec.json.encode(new).decode()}
        condition = "revision = :0" if mirror.revision else NEW
        self.table.write(rows.put(row, condition, [mirror.revision] if mirror.revision else []))
        return new
