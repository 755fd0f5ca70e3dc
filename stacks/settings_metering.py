"""The settings of meters: quotas of tenants, prices, and how long the ledger is kept."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from stacks.settings_section import Section

Most = Annotated[int, Field(ge=1, le=10**12)]


class Quotas(Section):
    """Limits of each tenant that has none of its own; left open: none. Tokens are those read and written together."""

    requests_per_minute: Most | None = Field(None, description="Requests in a minute.")
    requests_per_day: Most | None = Field(None, description="Requests in a day, UTC.")
    requests_per_month: Most | None = Field(None, description="Requests in a month, UTC.")
    tokens_per_minute: Most | None = Field(None, description="Tokens in a minute.")
    tokens_per_day: Most | None = Field(None, description="Tokens in a day, UTC.")
    tokens_per_month: Most | None = Field(None, description="Tokens in a month, UTC.")


Dollars = Annotated[float, Field(gt=0, le=10**9)]


class Budget(Section):
    """What each tenant without a budget of its own may spend on models, at the prices of the ledger; left open: any."""

    dollars_per_day: Dollars | None = Field(None, description="US dollars in a day, UTC.")
    dollars_per_month: Dollars | None = Field(None, description="US dollars in a month, UTC.")
    over: Literal["alert", "throttle", "cheaper", "stop"] = Field(
        "alert",
        description="What happens once it is spent. `alert`: an alarm only; `throttle`: a few requests in a minute; "
        "`cheaper`: another alias answers; `stop`: 429 until the window ends.",
    )
    cheaper: str = Field("", description="With `cheaper`: the alias of models that answers.")
    requests_per_minute: int = Field(1, ge=1, le=10**6, description="With `throttle`: requests that are let through.")
    alert_percent: float = Field(80, gt=0, le=100, description="Share of it from which on the alarm tells people.")


class Price(Section):
    """What a model costs."""

    read: float = Field(ge=0, le=10_000, description="US dollars for a million tokens read.")
    written: float = Field(0, ge=0, le=10_000, description="US dollars for a million tokens written.")


class Metering(Section):
    """What tenants use: quotas, the ledger, `/v1/usage` and `/v1/feedback`. Idle it costs nothing."""

    enabled: bool = Field(False, description="Make the table of meters, `/v1/usage` and `/v1/feedback`.")
    quotas: Quotas = Field(default_factory=Quotas, description="Limits of each tenant.")
    budget: Budget = Field(default_factory=Budget, description="Money of each tenant.")
    prices: dict[str, Price] = Field(
        default_factory=dict,
        description="Prices by route, as the header x-slipway-route names it, before the list prices of Bedrock.",
    )
    ledger_days: int = Field(400, ge=1, le=3650, description="Days that the ledger keeps a request.")
    content_days: int = Field(
        0, ge=0, le=365, description="Days that questions and answers are kept for feedback; 0: they are not."
    )
