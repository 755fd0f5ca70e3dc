"""What functions need that search and answer: variables, and permissions to match."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_iam as iam

from slipway_constructs.permissions import allow
from stacks.bedrock import allow_models
from stacks.embedding import allow_embedding
from stacks.names import parameter_name
from stacks.routing import ROUTES, allow_routes

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
        "ROUTES_PARAMETER": parameter_name(stack.environment_name, "gateway", ROUTES),
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


def allow_table(stack: SlipwayStack, role: iam.Role) -> None:
    """Let a role read the routing table."""
    parameter = parameter_name(stack.environment_name, "gateway", ROUTES).removeprefix("/")
    allow(role, ["ssm:GetParameter"], [stack.format_arn(service="ssm", resource="parameter", resource_name=parameter)])


def allow_answers(stack: SlipwayStack, role: iam.Role, *, streamed: bool = False) -> None:
    """Let a role search, read the routing table, and call every route of the settings; `streamed`: also in parts."""
    allow_search(stack, role)
    allow_table(stack, role)
    allow_routes(stack, role, streamed=streamed)
