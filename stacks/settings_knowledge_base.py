"""The settings of the knowledge base beside the store, and their rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from stacks.settings_section import Section
from stacks.settings_violation import Violation

if TYPE_CHECKING:
    from stacks.settings import Settings

KEY = ("retrieval", "knowledge_base", "enabled")
STORES = ("aurora", "s3_vectors")


class KnowledgeBase(Section):
    """A Bedrock knowledge base over the curated documents, beside the store's own chunks."""

    enabled: bool = Field(
        False,
        description="Create it, with a table or index of its own in the store; documents are copied and embedded a "
        "second time, by Bedrock.",
    )


def _store(settings: Settings) -> Iterator[Violation]:
    retrieval = settings.retrieval
    if not retrieval.knowledge_base.enabled:
        return
    if retrieval.store not in STORES:
        yield Violation(
            key=KEY,
            expected=f"false with store {retrieval.store}; a knowledge base is made over {' or '.join(STORES)}",
            got="true",
            remedy="Remove it, or choose one of these stores.",
        )
    if retrieval.embedding.bedrock_model != retrieval.embedding.model_id:
        yield Violation(
            key=KEY,
            expected="false unless the embedding model is Bedrock's own: no endpoint, nor a profile",
            got=f"true with {retrieval.embedding.model_id}",
            remedy="Name a model of Bedrock, like amazon.titan-embed-text-v2:0, or remove it.",
        )


RULES: tuple[Callable[[Settings], Iterator[Violation]], ...] = (_store,)
