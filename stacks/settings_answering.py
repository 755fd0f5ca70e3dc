"""The settings of answering: how follow-ups are searched for, and who puts what is found in order."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from stacks.settings_section import Section


class Answering(Section):
    """How a question becomes a search, and what is found an order."""

    rewrite_questions: bool = Field(
        True,
        description="Let the model rewrite follow-ups so that they can be searched for alone: one short call more for "
        "each question of a conversation but the first.",
    )
    reranker: Literal["off", "amazon.rerank-v1:0", "cohere.rerank-v3-5:0"] = Field(
        "off",
        description="Rerank model of Bedrock that puts the hits in order, $1 to $2 for 1,000 questions. Not every "
        "region has each: us-east-1 has Cohere's only.",
    )
    compress_to_tokens: int | None = Field(
        None,
        ge=200,
        le=200000,
        description="Most tokens of retrieved text that the model is shown: of more, the sentences that matter. "
        "Left open: whole chunks, within `gateway.context_max_tokens`.",
    )
    rerank_candidates: int = Field(30, ge=2, le=30, description="Hits that the reranker reads.")
