"""Puts the parts together from the environment: the one place where settings, clients and classes meet."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from slipway_runtime import settings
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.holds import Holds
from slipway_runtime.operate.lineage import Lineage
from slipway_runtime.operate.observability import measure_embedding_tokens
from slipway_runtime.retrieve.embed import Embedder
from slipway_runtime.retrieve.embedding.choose import bedrock_model
from slipway_runtime.retrieve.rerank import NO_RERANKING, Reranker
from slipway_runtime.retrieve.search import Searcher
from slipway_runtime.retrieve.stores.contract import VectorStore

if TYPE_CHECKING:
    from slipway_runtime.evaluate.judge import Judge
    from slipway_runtime.generate.answer import Answerer
    from slipway_runtime.generate.models import Model
    from slipway_runtime.operate.curated import Curated
    from slipway_runtime.operate.places import Places
    from slipway_runtime.operate.recognising import Recognising
    from slipway_runtime.prepare.duplicates.index import Duplicates
    from slipway_runtime.retrieve.knowledge_base.search import KnowledgeBase


def store() -> VectorStore:
    """Return the vector store of this environment, of the kind that STORE names."""
    match settings.required("STORE"):
        case "aurora":
            return _aurora()
        case "opensearch":
            return _opensearch()
        case "s3_vectors":
            return _s3_vectors()
        case "kendra":
            return _kendra()
        case other:
            raise settings.MissingSetting(f"STORE is {other!r:.40}, expected a kind of store that this release has")


def _aurora() -> VectorStore:
    from slipway_runtime.retrieve.stores.aurora.data_api import DataApi  # noqa: PLC0415 - of the kinds one is loaded
    from slipway_runtime.retrieve.stores.aurora.store import AuroraStore  # noqa: PLC0415

    database = settings.database()
    api = DataApi(
        client=client("rds-data"),
        cluster_arn=database.cluster_arn,
        secret_arn=database.secret_arn,
        database=database.name,
    )
    return AuroraStore(api=api, knowledge_base=settings.optional("KNOWLEDGE_BASE") == "true")


def holds() -> Holds | None:
    """Return the legal holds of this environment, None where the settings leave them out."""
    table = os.environ.get("HOLDS_TABLE")
    return Holds(dynamodb=client("dynamodb"), s3=client("s3"), table=table) if table else None


def _opensearch() -> VectorStore:
    from slipway_runtime.retrieve.stores.guard import Guards  # noqa: PLC0415
    from slipway_runtime.retrieve.stores.opensearch.client import Collection  # noqa: PLC0415
    from slipway_runtime.retrieve.stores.opensearch.index import Hnsw  # noqa: PLC0415
    from slipway_runtime.retrieve.stores.opensearch.store import OpenSearchStore  # noqa: PLC0415
    from slipway_runtime.retrieve.stores.opensearch.writer import Writer  # noqa: PLC0415

    chosen = settings.opensearch()
    collection = Collection(endpoint=chosen.endpoint, region=chosen.region)
    guards = Guards(client=client("dynamodb"), table=chosen.documents_table, kind="opensearch")
    return OpenSearchStore(
        collection=collection,
        guards=guards,
        writer=Writer(collection=collection),
        hnsw=Hnsw(m=chosen.m, ef_construction=chosen.ef_construction),
    )


def _s3_vectors() -> VectorStore:
    from slipway_runtime.retrieve.stores.guard import Guards  # noqa: PLC0415
    from slipway_runtime.retrieve.stores.s3_vectors.service import VectorBucket  # noqa: PLC0415
    from slipway_runtime.retrieve.stores.s3_vectors.store import S3VectorsStore  # noqa: PLC0415

    bucket, table = settings.required("VECTOR_BUCKET_NAME"), settings.required("DOCUMENTS_TABLE")
    # Another bucket is another, empty store: its guards are its own.
    guards = Guards(client=client("dynamodb"), table=table, kind=f"s3_vectors#{bucket}")
    vectors = VectorBucket(client=client("s3vectors"), name=bucket)
    return S3VectorsStore(bucket=vectors, guards=guards, text_language=settings.optional("TEXT_LANGUAGE") or None)


def _kendra() -> VectorStore:
    from slipway_runtime.retrieve.stores.guard import Guards  # noqa: PLC0415
    from slipway_runtime.retrieve.stores.kendra.service import Index  # noqa: PLC0415
    from slipway_runtime.retrieve.stores.kendra.store import KendraStore  # noqa: PLC0415

    index_id, table = settings.required("KENDRA_INDEX_ID"), settings.required("DOCUMENTS_TABLE")
    # Another index is another, empty store: its guards are its own.
    guards = Guards(client=client("dynamodb"), table=table, kind=f"kendra#{index_id}")
    attributes = tuple(name for name in settings.optional("KENDRA_ATTRIBUTES").split(",") if name)
    return KendraStore(index=Index(client=client("kendra"), index_id=index_id), guards=guards, attributes=attributes)


def embedder() -> Embedder:
    """Return the embedding model of this environment."""
    chosen, endpoint = settings.embedding(), settings.embedding_endpoint()
    if endpoint is None:
        model = bedrock_model(client("bedrock-runtime"), chosen.model_id, chosen.dimensions)
        return Embedder(model=model, meter=measure_embedding_tokens)
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
    return Embedder(model=served, meter=measure_embedding_tokens)


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


def searcher() -> Searcher:
    """Return the search of this environment."""
    return Searcher(embedder=embedder(), store=store(), reranker=_reranker())


def _reranker() -> Reranker:
    arn = settings.optional("RERANK_MODEL_ARN")
    if not arn:
        return NO_RERANKING
    candidates = int(settings.required("RERANK_CANDIDATES"))
    return Reranker(client=client("bedrock-agent-runtime"), model_arn=arn, candidates=candidates)


def answerer(model: Model) -> Answerer:
    """Return what answers questions by a model."""
    from slipway_runtime.generate.answer import Answerer, Retrieval  # noqa: PLC0415 - ingestion needs none of it
    from slipway_runtime.generate.models import BedrockModel  # noqa: PLC0415

    retrieval = Retrieval(
        top_k=int(settings.required("RETRIEVE_TOP_K")),
        min_score=float(settings.required("RETRIEVE_MIN_SCORE")),
        context_max_tokens=int(settings.required("CONTEXT_MAX_TOKENS")),
        rewrite=settings.required("REWRITE_QUESTIONS") == "true",
    )
    return Answerer(
        searcher=searcher(), model=BedrockModel(client=client("bedrock-runtime"), model=model), retrieval=retrieval
    )


def judge() -> Judge:
    """Return the judge of this environment."""
    from slipway_runtime.evaluate.judge import Judge  # noqa: PLC0415 - only evaluations have one

    model_id = settings.required("JUDGE_MODEL_ID")
    return Judge(client=client("bedrock-runtime"), model_id=model_id, embedder=embedder())
