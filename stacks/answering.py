"""What functions need that search and answer: variables, and permissions to match."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aws_cdk import aws_iam as iam

from slipway_constructs.permissions import allow
from stacks.bedrock import allow_models
from stacks.embedding import allow_embedding

if TYPE_CHECKING:
    from stacks.slipway_stack import SlipwayStack

RERANK_ACTIONS = ("bedrock:InvokeModel", "bedrock:Rerank")
# Of a knowledge base: what searches, and what keeps it up to date.
KNOWLEDGE_ACTIONS = ("bedrock:Retrieve",)
SYNC_ACTIONS = ("bedrock:ListIngestionJobs", "bedrock:StartIngestionJob")
RERANK_REASON = (
    "bedrock:Rerank takes no resource; which models may be called so is said by bedrock:InvokeModel. Source: Amazon "
    "Bedrock user guide, Permissions for reranking."
)


def search_variables(stack: SlipwayStack) -> dict[str, str]:
    """Return the variables of a function that searches."""
    answering = stack.settings.answering
    found = {**stack.store_variables(), **stack.embedding_variables()}
    if answering.reranker != "off":
        found["RERANK_MODEL_ARN"] = stack.format_arn(
            service="bedrock", account="", resource="foundation-model", resource_name=answering.reranker
        )
        found["RERANK_CANDIDATES"] = str(answering.rerank_candidates)
    return found


def answer_variables(stack: SlipwayStack) -> dict[str, str]:
    """Return the variables of a function that answers."""
    settings = stack.settings
    return {
        **search_variables(stack),
        "MODELS": json.dumps({alias: model.model_dump() for alias, model in settings.gateway.models.items()}),
        "RETRIEVE_TOP_K": str(settings.retrieval.top_k),
        "RETRIEVE_MIN_SCORE": str(settings.retrieval.min_score),
        "CONTEXT_MAX_TOKENS": str(settings.gateway.context_max_tokens),
        "REWRITE_QUESTIONS": "true" if settings.answering.rewrite_questions else "false",
    }


def allow_search(stack: SlipwayStack, role: iam.Role) -> None:
    """Let a role embed, search the store, and rerank where that is on."""
    stack.allow_store(role, "search")
    allow_embedding(stack, role)
    if stack.settings.answering.reranker != "off":
        allow_models(role, [stack.settings.answering.reranker])
        allow(role, ["bedrock:Rerank"], ["*"], wildcard_reason=RERANK_REASON)


def allow_answers(stack: SlipwayStack, role: iam.Role) -> None:
    """Let a role search, and call every text model of the settings."""
    allow_search(stack, role)
    allow_models(role, [model.model_id for model in stack.settings.gateway.models.values()])
