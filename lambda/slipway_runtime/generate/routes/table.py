"""The routing table: which alias stands for which routes. It is one JSON text, written by the settings."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from slipway_runtime.generate.errors import unknown_model


class SageMakerTarget(msgspec.Struct, frozen=True, omit_defaults=True):
    """An endpoint in this account and region, and the schema that its container speaks."""

    endpoint: str
    schema: Literal["openai", "lmi"] = "openai"
    component: str = ""
    prompt_format: Literal["chatml", "llama3", "plain"] = "chatml"


class OpenAiTarget(msgspec.Struct, frozen=True, omit_defaults=True):
    """A server that speaks OpenAI's API, and where its key is kept."""

    url: str
    model: str
    key_secret_arn: str = ""


class Route(msgspec.Struct, frozen=True, omit_defaults=True):
    """One place that answers. Units: `timeout_seconds` to the first piece of an answer, `max_tokens` at most written.

    `temperature`, `top_p` and `stop` stand in where a request says nothing; `extra` goes to the model as it is.
    """

    bedrock: str = ""
    sagemaker: SageMakerTarget | None = None
    openai: OpenAiTarget | None = None
    weight: float = 1.0
    max_tokens: int = 2048
    timeout_seconds: float = 30.0
    temperature: float | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    extra: dict[str, Any] = {}

    @property
    def name(self) -> str:
        """Return what the route is called in answers, metrics and logs; two routes to one place share it."""
        if self.sagemaker:
            return f"sagemaker:{self.sagemaker.endpoint}" + (
                f"/{self.sagemaker.component}" if self.sagemaker.component else ""
            )
        if self.openai:
            return f"openai:{self.openai.url.split('://', 1)[-1]}#{self.openai.model}"
        return f"bedrock:{self.bedrock}"


class Alias(msgspec.Struct, frozen=True, omit_defaults=True):
    """What clients name as `model`. `fallback` stands in, in its order; `grounded`: it answers from documents."""

    routes: tuple[Route, ...]
    fallback: tuple[Route, ...] = ()
    grounded: bool = False


class Table(msgspec.Struct, frozen=True):
    """All aliases of an environment."""

    aliases: dict[str, Alias]

    def alias(self, name: str) -> Alias:
        """Return an alias. Raises: ApiError 404 model_not_found, which names those that there are."""
        if name not in self.aliases:
            raise unknown_model(name, list(self.aliases))
        return self.aliases[name]


class InvalidTable(Exception):  # noqa: N818 - says what is wrong
    """The text is no routing table; the message says where."""


def read(text: str) -> Table:
    """Return the table that a JSON object of alias to routes is. Raises: InvalidTable."""
    try:
        aliases = msgspec.json.decode(text, type=dict[str, Alias])
    except msgspec.DecodeError as error:
        raise InvalidTable(f"the routing table is no JSON object of aliases: {error}") from error
    for name, alias in aliases.items():
        if not alias.routes:
            raise InvalidTable(f"the alias {name!r} of the routing table has no routes")
        for route in (*alias.routes, *alias.fallback):
            if sum(map(bool, (route.bedrock, route.sagemaker, route.openai))) != 1:
                raise InvalidTable(f"a route of {name!r} names one of bedrock, sagemaker and openai, and no two")
    return Table(aliases)
