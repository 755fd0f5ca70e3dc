"""Puts the parts together from the environment: the one place where settings, clients and classes meet."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from slipway_runtime import parts_of_stores, settings
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.holds import Holds
from slipway_runtime.operate.lineage import Lineage
from slipway_runtime.operate.observability import measure_embedding_tokens
from slipway_runtime.reindex.generations import Generation, Generations, Registry
from slipway_runtime.reindex.index import Index
from slipway_runtime.retrieve.embed import Embedder
from slipway_runtime.retrieve.embedding.choose import bedrock_model
from slipway_runtime.retrieve.rerank import NO_RERANKING, Reranker
from slipway_runtime.retrieve.search import Searcher

if TYPE_CHECKING:
    from collections.abc import Callable

    from slipway_runtime.evaluate.judge import Judge
    from slipway_runtime.operate.curated import Curated
    from slipway_runtime.operate.places import Places
    from slipway_runtime.operate.recognising import Recognising
    from slipway_runtime.prepare.duplicates.index import Duplicates
    from slipway_runtime.retrieve.knowledge_base.search import KnowledgeBase


def holds() -> Holds | None:
    """Return the legal holds of this environment, None where the settings leave them out."""
    table = os.environ.get("HOLDS_TABLE")
    return Holds(dynamodb=client("dynamodb"), s3=client("s3"), table=table) if table else None


def registry() -> Registry | None:
    """Return where the generations of the index are noted; None for a store that has but one."""
    table = settings.optional("GENERATIONS_TABLE")
    return Registry(client=client("dynamodb"), table=table) if table else None


def generations() -> Generations | None:
    """Return the generations as they are now; None where there is but the first, of the environment's model."""
    noted = registry()
    return noted.read() if noted else None


def active() -> Generation | None:
    """Return the generation that is searched; None: the first, of the environment's model."""
    found = generations()
    return found.active if found else None


def index(generation: Generation | None = None) -> Index:
    """Return what a generation is written by. Raises: MissingSetting if the settings do not name its model."""
    chosen = _embedding(generation)
    number = generation.number if generation else 1
    return Index(store=parts_of_stores.store(number), embedder=embedder(generation), chunking=settings.chunking(chosen))


def beside(generation: Generation | None) -> list[Generation]:
    """Return the generations that are written beside one, as of now."""
    found, number = generations(), generation.number if generation else 1
    return [each for each in found.written if each.number != number] if found else []


def _embedding(generation: Generation | None) -> settings.EmbeddingSettings:
    return settings.embedding_of(generation.model_id, generation.dimensions) if generation else settings.embedding()


def embedder(
    generation: Generation | None = None, dimensions: int | None = None, tokens: Callable[[int], None] | None = None
) -> Embedder:
    """Return the embedding model of a generation, or of this environment; `tokens` is told what each call reads.

    Raises: ValueError for other `dimensions` than the settings' where the model has only those.
    """
    chosen = _embedding(generation)
    endpoint = chosen.endpoint

    def meter(model_id: str, read: int) -> None:
        measure_embedding_tokens(model_id, read)
        if tokens:
            tokens(read)

    if endpoint is None:
        model = bedrock_model(client("bedrock-runtime"), chosen.model_id, dimensions or chosen.dimensions)
        return Embedder(model=model, meter=meter)
    if dimensions not in (None, chosen.dimensions):
        raise ValueError("an endpoint has the dimensions of its model")
    from slipway_runtime.retrieve.embedding.endpoint import Endpoint, address, sagemaker  # noqa: PLC0415

    post = (
        address(endpoint.url) if endpoint.url else sagemaker(client("sagemaker-runtime"), endpoint.sagemaker_endpoint)
    )
    served = Endpoint(
        post=post,
        model_id=chosen.model_id,
        dimensions=chosen.dimensions,
        max_tokens=endpoint.max_tokens,
        batch=endpoint.max_batch_texts,
        tokenizer_name=endpoint.tokenizer,
        document_prefix=endpoint.document_prefix,
        query_prefix=endpoint.query_prefix,
    )
    return Embedder(model=served, meter=meter)


def lineage() -> Lineage:
    """Return the lineage of this environment."""
    return Lineage(
        client=client("dynamodb"),
        documents_table=settings.required("DOCUMENTS_TABLE"),
        rejects_table=settings.required("REJECTS_TABLE"),
    )


def recognising(lineage: Lineage) -> Recognising | None:
    """Return what recognises the text of scans, None where the settings leave that out."""
    if "OCR_TOPIC_ARN" not in os.environ:
        return None
    from slipway_runtime.operate.again import Again  # noqa: PLC0415 - questions are answered without all of this
    from slipway_runtime.operate.ocr import Ocr  # noqa: PLC0415
    from slipway_runtime.operate.recognising import Recognising  # noqa: PLC0415
    from slipway_runtime.operate.recognitions import Recognitions  # noqa: PLC0415
    from slipway_runtime.operate.textract import Channel, Textract  # noqa: PLC0415

    channel = Channel(topic_arn=settings.required("OCR_TOPIC_ARN"), role_arn=settings.required("OCR_ROLE_ARN"))
    return Recognising(
        ocr=Ocr(
            textract=Textract(client=client("textract"), channel=channel),
            known=Recognitions(client=client("s3"), bucket=settings.required("CURATED_BUCKET")),
        ),
        lineage=lineage,
        again=Again(client=client("sqs"), queue_url=settings.required("QUEUE_URL"), lineage=lineage),
    )


def places(lineage: Lineage, curated: Curated) -> Places:
    """Return where documents stand among their like; where no source is searched for duplicates, each is the first.

    Raises: MissingSetting if NEAR_DUPLICATES is not the expected JSON.
    """
    # Not needed where questions are answered; numpy comes with the index, when the first document is compared.
    from slipway_runtime.operate.again import Again  # noqa: PLC0415
    from slipway_runtime.operate.places import Index, Places  # noqa: PLC0415

    if "DUPLICATES_TABLE" not in os.environ:
        return Places()

    def make() -> Duplicates:
        from slipway_runtime.prepare.duplicates.index import Duplicates  # noqa: PLC0415
        from slipway_runtime.prepare.duplicates.table import Table  # noqa: PLC0415

        def text(tenant: str, document_id: str) -> str | None:
            found = curated.get(tenant, document_id)
            return found.text if found else None

        table = Table(client=client("dynamodb"), name=settings.required("DUPLICATES_TABLE"))
        return Duplicates(table=table, curated_text=text)

    again = Again(client=client("sqs"), queue_url=settings.required("QUEUE_URL"), lineage=lineage)
    return Places(index=Index(make=make, again=again), settings=settings.near_duplicates())


def knowledge_base() -> KnowledgeBase | None:
    """Return the search in this environment's knowledge base, None where the settings leave it out."""
    if "KNOWLEDGE_BASE_ID" not in os.environ:
        return None
    from slipway_runtime.retrieve.knowledge_base.search import KnowledgeBase  # noqa: PLC0415

    return KnowledgeBase(
        client=client("bedrock-agent-runtime"),
        knowledge_base_id=settings.required("KNOWLEDGE_BASE_ID"),
        # Bedrock searches by words too in these. Source: Amazon Bedrock user guide, "Query configurations".
        hybrid=settings.required("STORE") in ("aurora", "opensearch"),
    )


def searcher(generation: Generation | None = None, tokens: Callable[[int], None] | None = None) -> Searcher:
    """Return the search of a generation; `tokens` is told what the embedding model reads for it."""
    held = parts_of_stores.store(generation.number if generation else 1)
    return Searcher(embedder=embedder(generation, tokens=tokens), store=held, reranker=_reranker())


def _reranker() -> Reranker:
    arn = settings.optional("RERANK_MODEL_ARN")
    if not arn:
        return NO_RERANKING
    candidates = int(settings.required("RERANK_CANDIDATES"))
    return Reranker(client=client("bedrock-agent-runtime"), model_arn=arn, candidates=candidates)


def judge() -> Judge:
    """Return the judge of this environment."""
    from slipway_runtime.evaluate.judge import Judge  # noqa: PLC0415 - only evaluations have one

    model_id = settings.required("JUDGE_MODEL_ID")
    return Judge(client=client("bedrock-runtime"), model_id=model_id, embedder=embedder())
