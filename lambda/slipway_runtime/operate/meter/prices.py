"""What tokens cost: list prices with their date, and an environment's own before them.

Units: US dollars for a million tokens read, and written. Costs are whole nanodollars, so that sums are exact.
Source: https://aws.amazon.com/bedrock/pricing/ on demand, us-east-1, noted 2026-11; check them before billing by them.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

LISTED_ON = "2026-11"


class Price(msgspec.Struct, frozen=True):
    """Dollars for a million tokens."""

    read: float
    written: float = 0.0


LISTED = {
    "amazon.nova-2-lite-v1:0": Price(0.30, 2.50),
    "amazon.nova-lite-v1:0": Price(0.06, 0.24),
    "amazon.nova-micro-v1:0": Price(0.035, 0.14),
    "amazon.nova-pro-v1:0": Price(0.80, 3.20),
    "anthropic.claude-sonnet-4-5-20250929-v1:0": Price(3.00, 15.00),
    "anthropic.claude-haiku-4-5-20251001-v1:0": Price(1.00, 5.00),
    "anthropic.claude-3-haiku-20240307-v1:0": Price(0.25, 1.25),
    "amazon.titan-embed-text-v2:0": Price(0.02),
    "cohere.embed-english-v3": Price(0.10),
    "cohere.embed-multilingual-v3": Price(0.10),
    "cohere.embed-v4:0": Price(0.12),
}


def price(model: str, own: Mapping[str, Price]) -> Price | None:
    """Return the price of a route (`bedrock:…`, `openai:…`) or an embedding model; None where nobody has said it.

    An inference profile, `eu.` or `global.` before the model's id, costs as the model does.
    """
    if model in own:
        return own[model]
    name = model.removeprefix("bedrock:")
    if name in own:
        return own[name]
    return LISTED.get(name) or LISTED.get(name.partition(".")[2])


def nanodollars(model: str, read: int, written: int, own: Mapping[str, Price]) -> int | None:
    """Return what tokens of a model cost; None where its price is not known."""
    if (found := price(model, own)) is None:
        return None
    return round((read * found.read + written * found.written) * 1000)
