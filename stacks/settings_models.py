"""The settings of the models: aliases, and the routes behind them."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import Field

from stacks.settings_section import Section

ModelAlias = Annotated[str, Field(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$")]
TEXT_MODEL = "global.amazon.nova-2-lite-v1:0"
SMART_MODEL = "global.anthropic.claude-sonnet-4-5-20250929-v1:0"


class SageMakerRoute(Section):
    """A model on a SageMaker endpoint of this account and region."""

    endpoint: str = Field(pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$", description="Name of the endpoint.")
    component: str = Field(
        "", pattern=r"^([a-zA-Z0-9](-*[a-zA-Z0-9]){0,62})?$", description="Inference component of it, if it has some."
    )
    schema_: Literal["openai", "lmi"] = Field(
        "openai",
        alias="schema",
        description="What the container speaks. `openai`: chat completions, as vLLM, LMI and TGI do. `lmi`: one text "
        "in, text out; without tools and response_format.",
    )
    prompt_format: Literal["chatml", "llama3", "plain"] = Field(
        "chatml", description="With `lmi`: how the model was taught to tell who speaks."
    )


class OpenAiRoute(Section):
    """A model of any server that speaks OpenAI's API."""

    url: str = Field(pattern=r"^https?://[^\s?#]+$", description="Where the API begins, like https://example.com/v1.")
    model: str = Field(min_length=1, max_length=200, description="What the server calls the model.")
    key_secret_arn: str = Field(
        "",
        pattern=r"^(arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+)?$",
        description="ARN of the Secrets Manager secret whose text is the key; left open: no key is sent.",
    )


class Route(Section):
    """One place that answers: name one of `bedrock`, `sagemaker` and `openai`."""

    bedrock: str = Field(
        "",
        pattern=r"^([a-z0-9-]+\.[a-zA-Z0-9.:-]+)?$",
        description="Bedrock model id or inference profile id, like eu.amazon.nova-lite-v1:0.",
    )
    sagemaker: SageMakerRoute | None = Field(None, description="A SageMaker endpoint.")
    openai: OpenAiRoute | None = Field(None, description="A server that speaks OpenAI's API.")
    weight: float = Field(1, gt=0, le=1000, description="Share of the users among the routes of the alias.")
    max_tokens: int = Field(2048, ge=1, le=65536, description="Most tokens in an answer.")
    timeout_seconds: float = Field(
        30, ge=0.5, le=600, description="Seconds until the first piece of an answer; then another route stands in."
    )
    temperature: float | None = Field(None, ge=0, le=2, description="Where a request says nothing.")
    top_p: float | None = Field(None, ge=0, le=1, description="Where a request says nothing.")
    stop: list[str] = Field(default_factory=list, max_length=4, description="Where a request says nothing.")
    extra: dict[str, Any] = Field(
        default_factory=dict, description="Parameters of the model's own, passed on as they are."
    )

    @property
    def kinds(self) -> list[str]:
        """Return which kinds of place the route names; it must be one."""
        return [name for name in ("bedrock", "sagemaker", "openai") if getattr(self, name)]


class Model(Section):
    """What clients name as `model`."""

    grounded: bool = Field(False, description="Answer from the documents, with citations, unless a request says not.")
    routes: list[Route] = Field(
        min_length=1, max_length=8, description="Places that answer, by weight; a user always gets the same."
    )
    fallback: list[Route] = Field(
        default_factory=list, max_length=8, description="Places that stand in, in this order, when that one fails."
    )

    @property
    def all_routes(self) -> list[Route]:
        """Return every route."""
        return [*self.routes, *self.fallback]

    @property
    def model_id(self) -> str:
        """Return the first model of Bedrock among the routes, "" without one; runs and judges ask it alone."""
        return next((route.bedrock for route in self.all_routes if route.bedrock), "")


def default_models() -> dict[str, Model]:
    """Return the aliases of an environment that names none."""
    nova = Route(bedrock=TEXT_MODEL)
    return {
        "default": Model(grounded=True, routes=[nova]),
        "fast": Model(routes=[Route(bedrock=TEXT_MODEL, timeout_seconds=15)]),
        "smart": Model(routes=[Route(bedrock=SMART_MODEL, max_tokens=8192, timeout_seconds=60)], fallback=[nova]),
    }


def routes_document(models: dict[str, Model]) -> str:
    """Return the routing table as the runtime reads it."""
    table = {name: model.model_dump(exclude_defaults=True, by_alias=True) for name, model in models.items()}
    return json.dumps(table, separators=(",", ":"), sort_keys=True)
