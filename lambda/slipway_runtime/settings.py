"""The environment variables of the functions, as typed settings.

Each function reads only those that its template sets.
"""

import os

import msgspec

from slipway_runtime.generate.models import Model


class DatabaseSettings(msgspec.Struct, frozen=True):
    """Where the store is."""

    cluster_arn: str
    secret_arn: str
    name: str


class EmbeddingSettings(msgspec.Struct, frozen=True):
    """Which model embeds, and how many dimensions its vectors have."""

    model_id: str
    dimensions: int


class MissingSetting(Exception):  # noqa: N818 - says what is wrong
    """The function's template did not set a variable, or set it wrongly. The text names it and never its value."""


def required(name: str) -> str:
    """Return an environment variable.

    Raises: MissingSetting naming it if the function's template did not set it.
    """
    value = os.environ.get(name)
    if not value:
        raise MissingSetting(f"the environment variable {name} is not set; the function's template sets it")
    return value


def optional(name: str) -> str | None:
    """Return an environment variable that a template may leave out."""
    return os.environ.get(name) or None


def database() -> DatabaseSettings:
    """Return DATABASE_CLUSTER_ARN, DATABASE_SECRET_ARN and DATABASE_NAME."""
    return DatabaseSettings(
        required("DATABASE_CLUSTER_ARN"), required("DATABASE_SECRET_ARN"), required("DATABASE_NAME")
    )


def embedding() -> EmbeddingSettings:
    """Return EMBEDDING_MODEL_ID and EMBEDDING_DIMENSIONS."""
    return EmbeddingSettings(required("EMBEDDING_MODEL_ID"), int(required("EMBEDDING_DIMENSIONS")))


def models() -> dict[str, Model]:
    """Return MODELS, alias to model.

    Raises: MissingSetting if it is not the expected JSON or lacks the alias "default".
    """
    try:
        found = msgspec.json.decode(required("MODELS"), type=dict[str, Model])
    except msgspec.DecodeError as error:
        raise MissingSetting(f"MODELS is not a JSON object of alias to model_id and max_tokens: {error}") from error
    if "default" not in found:
        raise MissingSetting('MODELS has no alias "default"')
    return found
