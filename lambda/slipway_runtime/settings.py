"""The environment variables of the functions, as typed settings.

Each function reads only those that its template sets, and imports what they are for when it reads them.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from slipway_runtime.prepare.duplicates.settings import SourceNearDuplicates
    from slipway_runtime.retrieve.chunk import ChunkSettings


class DatabaseSettings(msgspec.Struct, frozen=True):
    """Where the store is."""

    cluster_arn: str
    secret_arn: str
    name: str


class OpenSearchSettings(msgspec.Struct, frozen=True):
    """Where the collection and the guards of its documents are; the graph matters to the migration alone."""

    endpoint: str
    region: str
    documents_table: str
    m: int
    ef_construction: int


class EndpointSettings(msgspec.Struct, frozen=True):
    """Where a model of one's own embeds: an endpoint of SageMaker or a URL, and what one request takes."""

    sagemaker_endpoint: str = ""
    url: str = ""
    max_tokens: int = 512
    max_batch_texts: int = 32
    tokenizer: Literal["bert-uncased", "estimate"] = "estimate"
    document_prefix: str = ""
    query_prefix: str = ""


class EmbeddingSettings(msgspec.Struct, frozen=True):
    """Which model embeds, how many dimensions its vectors have, and where it is, None for Bedrock."""

    model_id: str
    dimensions: int
    endpoint: EndpointSettings | None = None


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


def optional(name: str) -> str:
    """Return an environment variable, or "" where the template does not set it."""
    return os.environ.get(name, "")


def database() -> DatabaseSettings:
    """Return DATABASE_CLUSTER_ARN, DATABASE_SECRET_ARN and DATABASE_NAME."""
    return DatabaseSettings(
        required("DATABASE_CLUSTER_ARN"), required("DATABASE_SECRET_ARN"), required("DATABASE_NAME")
    )


def opensearch() -> OpenSearchSettings:
    """Return OPENSEARCH_ENDPOINT, AWS_REGION, DOCUMENTS_TABLE, OPENSEARCH_M and OPENSEARCH_EF_CONSTRUCTION."""
    return OpenSearchSettings(
        required("OPENSEARCH_ENDPOINT"),
        required("AWS_REGION"),
        required("DOCUMENTS_TABLE"),
        int(os.environ.get("OPENSEARCH_M", "16")),
        int(os.environ.get("OPENSEARCH_EF_CONSTRUCTION", "256")),
    )


def embedding() -> EmbeddingSettings:
    """Return EMBEDDING_MODEL_ID, EMBEDDING_DIMENSIONS and EMBEDDING_ENDPOINT. Raises: MissingSetting."""
    return EmbeddingSettings(
        required("EMBEDDING_MODEL_ID"), int(required("EMBEDDING_DIMENSIONS")), embedding_endpoint()
    )


def next_embedding() -> EmbeddingSettings | None:
    """Return EMBEDDING_NEXT, the model that the index is to move to, or None where there is no such plan.

    Raises: MissingSetting if it is not the expected JSON.
    """
    if not (given := optional("EMBEDDING_NEXT")):
        return None
    try:
        return msgspec.json.decode(given, type=EmbeddingSettings)
    except msgspec.DecodeError as error:
        raise MissingSetting(f"EMBEDDING_NEXT is not a JSON object of a model: {error}") from error


def embedding_of(model_id: str, dimensions: int) -> EmbeddingSettings:
    """Return the settings of a model, of those that this function may call. Raises: MissingSetting if it is none."""
    for found in (embedding(), next_embedding()):
        if found and (found.model_id, found.dimensions) == (model_id, dimensions):
            return found
    raise MissingSetting(
        f"the index is of {model_id} with {dimensions} dimensions, which the settings no longer name: set it as "
        "retrieval.embedding or as its next"
    )


def places() -> list[tuple[str, str, bool]]:
    """Return ERASURE_PLACES: the buckets and prefixes below which shards lie, and whether they are work of runs.

    Raises: MissingSetting if it is not the expected JSON.
    """
    try:
        return msgspec.json.decode(required("ERASURE_PLACES"), type=list[tuple[str, str, bool]])
    except msgspec.DecodeError as error:
        raise MissingSetting(f"ERASURE_PLACES is not a JSON list of bucket, prefix and is_work: {error}") from error


def near_duplicates() -> SourceNearDuplicates:
    """Return NEAR_DUPLICATES, how each source is searched for near-duplicates.

    Raises: MissingSetting if it is not the expected JSON.
    """
    from slipway_runtime.prepare.duplicates.settings import read  # noqa: PLC0415

    try:
        return read(required("NEAR_DUPLICATES"))
    except msgspec.DecodeError as error:
        raise MissingSetting(f"NEAR_DUPLICATES is not a JSON object of settings: {error}") from error


def embedding_endpoint() -> EndpointSettings | None:
    """Return EMBEDDING_ENDPOINT, or None where the model is Bedrock's.

    Raises: MissingSetting if it is not the expected JSON, or names no endpoint or two.
    """
    given = os.environ.get("EMBEDDING_ENDPOINT")
    if not given:
        return None
    try:
        found = msgspec.json.decode(given, type=EndpointSettings)
    except msgspec.DecodeError as error:
        raise MissingSetting(f"EMBEDDING_ENDPOINT is not a JSON object of an endpoint: {error}") from error
    if bool(found.sagemaker_endpoint) == bool(found.url):
        raise MissingSetting("EMBEDDING_ENDPOINT names either a sagemaker_endpoint or a url")
    return found


def chunking(chosen: EmbeddingSettings | None = None) -> ChunkSettings:
    """Return CHUNK_MAX_CHARACTERS and CHUNK_OVERLAP_CHARACTERS, and of CHUNK_… what else is set.

    `chosen`: the model whose tokens count; left out, that of the environment.
    """
    from slipway_runtime.retrieve.chunk import ChunkSettings  # noqa: PLC0415

    endpoint, tokens = chosen.endpoint if chosen else embedding_endpoint(), os.environ.get("CHUNK_MAX_TOKENS")
    return ChunkSettings(
        max_characters=int(required("CHUNK_MAX_CHARACTERS")),
        overlap_characters=int(required("CHUNK_OVERLAP_CHARACTERS")),
        max_tokens=int(tokens) if tokens else None,
        overlap_tokens=int(os.environ.get("CHUNK_OVERLAP_TOKENS", "0")),
        tokenizer=endpoint.tokenizer if endpoint else "estimate",
        parent_characters=int(os.environ.get("CHUNK_PARENT_CHARACTERS", "0")),
    )
