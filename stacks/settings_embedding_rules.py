"""The rules of chunks and their embeddings: what the model takes, what the store holds, what can be reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from stacks.regions import can_call, profile_prefix
from stacks.settings_embedding import MODELS
from stacks.settings_violation import Violation
from stacks.stores import WITH_GENERATIONS

if TYPE_CHECKING:
    from stacks.settings import Settings
    from stacks.settings_embedding import EmbeddingEndpoint, EmbeddingModel
    from stacks.settings_network import Network

# Title, description and heading of a chunk are embedded with it.
TOKENS_OF_PLACE = 64
CHARACTERS_PER_TOKEN = 4  # of English. Source: Amazon Bedrock user guide, "Cohere Embed v3"
# What the stores hold: their MAX_DIMENSIONS in slipway_runtime.retrieve.stores.
STORE_DIMENSIONS = {"aurora": 1024, "opensearch": 16_000, "s3_vectors": 4_096}
Key = tuple[str, ...]


def _models(settings: Settings) -> Iterator[Violation]:
    for section, embedding in settings.retrieval.embedding.models:
        yield from _model(section, embedding, settings.region)


def _model(section: Key, embedding: EmbeddingModel, region: str | None) -> Iterator[Violation]:
    if embedding.endpoint is not None:
        if embedding.model_id in MODELS:
            yield Violation(
                key=(*section, "model_id"),
                expected="the name of the endpoint's model",
                got=embedding.model_id,
                remedy="This is a model of Bedrock: remove endpoint, or name the model that it runs.",
            )
        return
    known = MODELS.get(embedding.bedrock_model or "")
    if known is None:
        yield Violation(
            key=(*section, "model_id"),
            expected=f"one of {', '.join(MODELS)}, or an inference profile of one",
            got=embedding.model_id,
            remedy="Take one of these, or set endpoint for a model of your own.",
        )
        return
    if embedding.dimensions not in known.dimensions:
        yield Violation(
            key=(*section, "dimensions"),
            expected=_one_of(known.dimensions),
            got=embedding.dimensions,
            remedy=f"These are the dimensions of {embedding.model_id}.",
        )
    if region and not can_call(region, embedding.model_id):
        yield Violation(
            key=(*section, "model_id"),
            expected=f"a model or inference profile that {region} can call",
            got=embedding.model_id,
            remedy=f"There are no inference profiles {profile_prefix(embedding.model_id)}.* there: take another prefix "
            "or the plain id.",
        )


def _store(settings: Settings) -> Iterator[Violation]:
    store = settings.retrieval.store
    most = STORE_DIMENSIONS.get(store)
    for section, embedding in settings.retrieval.embedding.models:
        if most is not None and embedding.dimensions > most:
            yield Violation(
                key=(*section, "dimensions"),
                expected=f"at most {most}, which is what the store {store} indexes",
                got=embedding.dimensions,
                remedy="Take fewer of the model's dimensions, or another store.",
            )


def _endpoints(settings: Settings) -> Iterator[Violation]:
    for section, embedding in settings.retrieval.embedding.models:
        yield from _endpoint(section, embedding.endpoint, settings.network)


def _endpoint(section: Key, endpoint: EmbeddingEndpoint | None, network: Network) -> Iterator[Violation]:
    if endpoint is None:
        return
    if (endpoint.sagemaker_endpoint is None) == (endpoint.url is None):
        yield Violation(
            key=(*section, "endpoint"),
            expected="either sagemaker_endpoint or url",
            got="both" if endpoint.url else "neither",
            remedy="Name the one that embeds.",
        )
    if endpoint.url and network.mode == "create" and not network.nat_gateways:
        yield Violation(
            key=(*section, "endpoint", "url"),
            expected="a SageMaker endpoint, because the created network has no way out",
            got=endpoint.url,
            remedy="Set sagemaker_endpoint, give the network a NAT gateway, or import one that reaches the address.",
        )


def _chunks(settings: Settings) -> Iterator[Violation]:
    ingestion = settings.ingestion
    known = [each.max_tokens for _, each in settings.retrieval.embedding.models if each.max_tokens is not None]
    most = min(known, default=None)
    if ingestion.chunk_tokens is not None and "chunk_characters" in ingestion.model_fields_set:
        yield Violation(
            key=("ingestion", "chunk_tokens"),
            expected="nothing beside chunk_characters",
            got=ingestion.chunk_tokens,
            remedy="Remove one of the two: chunks are measured in tokens or in characters.",
        )
    if ingestion.overlap_tokens * 2 > (ingestion.chunk_tokens or 0):
        yield Violation(
            key=("ingestion", "chunk_overlap_tokens"),
            expected=f"at most half of chunk_tokens, which is {ingestion.chunk_tokens or 'not set'}",
            got=ingestion.overlap_tokens,
            remedy="Lower the overlap or raise chunk_tokens.",
        )
    if most is None:
        return
    room = most - TOKENS_OF_PLACE
    if (ingestion.chunk_tokens or 0) > room:
        yield Violation(
            key=("ingestion", "chunk_tokens"),
            expected=f"at most {room}, so that a chunk fits the model with its title and heading",
            got=ingestion.chunk_tokens,
            remedy=f"The embedding model reads {most} tokens of a text.",
        )
    if ingestion.chunk_tokens is None and ingestion.chunk_characters > room * CHARACTERS_PER_TOKEN:
        yield Violation(
            key=("ingestion", "chunk_characters"),
            expected=f"at most {room * CHARACTERS_PER_TOKEN}, since the embedding model reads {most} tokens of a text",
            got=ingestion.chunk_characters,
            remedy=f"Lower it, or set chunk_tokens, to {room} at most.",
        )


def _next(settings: Settings) -> Iterator[Violation]:
    embedding, reindex, store = settings.retrieval.embedding, settings.reindex, settings.retrieval.store
    after = embedding.next
    if after and (after.model_id, after.dimensions) == (embedding.model_id, embedding.dimensions):
        yield Violation(
            key=("retrieval", "embedding", "next"),
            expected="another model, or other dimensions",
            got=after.model_id,
            remedy="Remove next: a rebuild with the same model needs none.",
        )
    if after and not reindex.enabled:
        yield Violation(
            key=("retrieval", "embedding", "next"),
            expected="nothing, because re-indexing is off",
            got=after.model_id,
            remedy="Set reindex.enabled to true: it is what moves the index.",
        )
    if reindex.enabled and store not in WITH_GENERATIONS:
        yield Violation(
            key=("reindex", "enabled"),
            expected=f"false, because the store {store} has one index only",
            got=True,
            remedy=f"Leave it out, or take one of the stores {', '.join(WITH_GENERATIONS)}.",
        )


def _one_of(numbers: tuple[int, ...]) -> str:
    *first, last = map(str, numbers)
    return f"{', '.join(first)} or {last}" if first else last


RULES: tuple[Callable[[Settings], Iterator[Violation]], ...] = (_models, _store, _endpoints, _chunks, _next)
