"""What an image shows, in words."""

from typing import Any

import msgspec

from slipway_runtime.prepare.augment import checks
from slipway_runtime.prepare.augment.books import Verdict
from slipway_runtime.prepare.augment.tasks.base import Passage, Task, text


class Description(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an image shows."""

    caption: str


class Captions(Task[Description]):
    """An image in words."""

    kind = "caption"
    name = "record_caption"
    shape = Description

    def instruction(self, number: int) -> str:
        """Return what the model is told to do."""
        return (
            "Describe the image in one to three sentences for somebody who cannot see it: what it shows, how the parts "
            "belong together, and the text that can be read in it. Name no person, and guess nothing."
        )

    def fields(self) -> dict[str, Any]:
        """Return the JSON schema of each field of an item."""
        return {"caption": text("The description.")}

    def refuse(self, item: Description, passage: Passage) -> Verdict | None:
        """Return what is wrong with an item, or None."""
        return checks.length("caption", item.caption, 15, 1_000)

    def words(self, item: Description) -> str:
        """Return the caption."""
        return item.caption
