"""Feedback as it is given, and as it is kept: joined to the exact request."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from slipway_runtime.operate.meter.entry import Entry
from slipway_runtime.operate.users import User

Text = Annotated[str, Meta(max_length=20_000)]


class Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The body of POST /v1/feedback. `request_id`: the completion's id. `user`: who says it, one opinion a person."""

    request_id: Annotated[str, Meta(max_length=64)]
    thumbs: Literal["up", "down"] | None = None
    rating: Annotated[int, Meta(ge=1, le=5)] | None = None
    text: Text = ""
    correction: Text = ""
    user: User = ""

    @property
    def says_something(self) -> bool:
        """Whether there is anything in it."""
        return bool(self.thumbs or self.rating or self.text.strip() or self.correction.strip())

    @property
    def stars(self) -> int:
        """Return the rating, 1 to 5: thumbs are 5 and 1, a correction alone says 1; 3 where nothing is said of it."""
        if self.rating is not None:
            return self.rating
        if self.thumbs:
            return 5 if self.thumbs == "up" else 1
        return 1 if self.correction else 3


class Content(msgspec.Struct, frozen=True):
    """What was asked, as messages of role and content, and answered; kept where the settings say so."""

    messages: list[dict[str, str]]
    answer: str


class Kept(msgspec.Struct, frozen=True):
    """Feedback with the request that it is about."""

    given: Given
    entry: Entry
    at: int

    @property
    def shown(self) -> dict[str, Any]:
        """Return it as the API tells it."""
        entry = self.entry
        cost = None if entry.cost_nanodollars is None else entry.cost_nanodollars / 1e9
        about = {
            **{"model": entry.model, "alias": entry.alias, "prompt": entry.prompt, "prompt_label": entry.prompt_label},
            **{"experiment": entry.experiment, "arm": entry.arm, "chunks": entry.chunks, "documents": entry.documents},
            **{"input_tokens": entry.input_tokens, "output_tokens": entry.output_tokens, "cost_dollars": cost},
            **{"cache": entry.cache, "milliseconds": entry.milliseconds, "asked_by": entry.user},
            "group": _group(entry),
        }
        return {"object": "feedback", **msgspec.to_builtins(self.given), "at": self.at, "about": about}


def _group(entry: Entry) -> str:
    """Return what the requests of one conversation have in common; not its id, which is its user's own."""
    return hashlib.sha256(f"{entry.tenant}#{entry.conversation or entry.id}".encode()).hexdigest()[:32]
