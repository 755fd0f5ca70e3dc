"""What the ledger keeps of one request, and the sums that it is part of."""

from __future__ import annotations

import hashlib
import re
import time
import uuid

import msgspec

IDENTIFIER = re.compile(r"(?:chatcmpl|embd)-([0-9a-f]{8})[0-9a-f]{24}")
Dimensions = tuple[str, str, str, str, str]
DIMENSIONS = ("user", "prompt", "model", "alias", "cache")
MEASURED = (
    *("requests", "failures", "cache_hits", "input_tokens", "output_tokens", "embedding_tokens"),
    *("cost_nanodollars", "unpriced_requests", "milliseconds"),
)


def identifier(kind: str = "chatcmpl", now: float | None = None) -> str:
    """Return a request's id: it begins with the second it was made in, so that ids are in order and tell their day."""
    return f"{kind}-{int(time.time() if now is None else now):08x}{uuid.uuid4().hex[:24]}"


def day(seconds: float) -> str:
    """Return a day in UTC, like 2026-11-21."""
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))


def day_of(request_id: str) -> str | None:
    """Return the day that a request's id tells; None for what is no id of ours."""
    found = IDENTIFIER.fullmatch(request_id)
    return day(int(found[1], 16)) if found else None


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One request. `input_tokens` and `output_tokens` hold those of the question's rewriter too, by the same alias.

    `ended`: a finish reason, `cut` or `failed`. `estimated`: the model did not tell its tokens. `cost_nanodollars`:
    None where no price is known. `prompt` is `name@version`; `experiment`, `arm` and `unit`: see prompts. `chunks` and
    `documents`: what the model was given. Units: milliseconds; `at` seconds since 1970.
    """

    id: str
    tenant: str
    at: int
    user: str = ""
    alias: str = ""
    model: str = ""
    ended: str = ""
    cache: str = ""
    prompt: str = ""
    prompt_label: str = ""
    experiment: str = ""
    arm: int = 0
    unit: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    rewriter_tokens: int = 0
    embedding_tokens: int = 0
    embedding_model: str = ""
    cost_nanodollars: int | None = None
    milliseconds: int = 0
    first_token_milliseconds: int | None = None
    estimated: bool = False
    chunks: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    conversation: str = ""

    @property
    def day(self) -> str:
        """Return the day it counts to: the one its id tells."""
        return day_of(self.id) or day(self.at)

    @property
    def dimensions(self) -> Dimensions:
        """Return what sums are kept by, beside tenant and day."""
        return (self.user, self.prompt, self.model, self.alias, self.cache)

    @property
    def tokens(self) -> int:
        """Return all tokens read and written for it."""
        return self.input_tokens + self.output_tokens + self.embedding_tokens

    @property
    def bare(self) -> Entry:
        """Return it without any name or list that a client has made."""
        return msgspec.structs.replace(self, user="", unit="", chunks=(), documents=(), conversation="")

    @property
    def measured(self) -> dict[str, int]:
        """Return what it adds to the sums."""
        return {
            "requests": 1,
            "failures": int(self.ended == "failed"),
            "cache_hits": int(bool(self.cache)),
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "embedding_tokens": self.embedding_tokens,
            "cost_nanodollars": self.cost_nanodollars or 0,
            "unpriced_requests": int(self.cost_nanodollars is None),
            "milliseconds": self.milliseconds,
        }


def hashed(dimensions: Dimensions) -> str:
    """Return the dimensions as part of a sort key, which what users are called need not fit into."""
    return hashlib.sha256(msgspec.json.encode(dimensions)).hexdigest()[:24]
