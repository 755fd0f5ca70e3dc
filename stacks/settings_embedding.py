"""The settings of the embedding model, and what each model takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from stacks.regions import profile_prefix
from stacks.settings_section import Section


@dataclass(frozen=True, kw_only=True)
class ModelLimits:
    """The dimensions that a model of Bedrock offers, and the tokens of a text that it embeds."""

    dimensions: tuple[int, ...]
    max_tokens: int


# Sources: Amazon Bedrock user guide, "Amazon Titan Embeddings Text", "Cohere Embed v3", "Cohere Embed v4". Of the
# 128,000 tokens of the last, 8,192 are used.
MODELS = {
    "amazon.titan-embed-text-v2:0": ModelLimits(dimensions=(256, 512, 1024), max_tokens=8_192),
    "cohere.embed-english-v3": ModelLimits(dimensions=(1024,), max_tokens=512),
    "cohere.embed-multilingual-v3": ModelLimits(dimensions=(1024,), max_tokens=512),
    "cohere.embed-v4:0": ModelLimits(dimensions=(256, 512, 1024, 1536), max_tokens=8_192),
}


class EmbeddingEndpoint(Section):
    """A model of your own behind Text Embeddings Inference (TEI); name either sagemaker_endpoint or url."""

    sagemaker_endpoint: str | None = Field(
        None,
        pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$",
        description="Name of a SageMaker endpoint in this account and region that runs TEI's container.",
    )
    url: str | None = Field(
        None,
        pattern=r"^https?://[^\s?#]+$",
        description="Address of a TEI server, like https://embeddings.example.com; its route /embed is called.",
    )
    max_tokens: int = Field(512, ge=96, le=32768, description="Most tokens of a text that the model embeds.")
    max_batch_texts: int = Field(
        32, ge=1, le=512, description="Texts in one request; at most TEI's --max-client-batch-size."
    )
    tokenizer: Literal["bert-uncased", "estimate"] = Field(
        "estimate",
        description="What counts tokens. `bert-uncased`: exactly, for MiniLM, BGE, E5 and GTE models of English. "
        "`estimate`: with a margin, for any other.",
    )
    document_prefix: str = Field("", max_length=200, description="Put before each chunk, like `passage: ` for E5.")
    query_prefix: str = Field("", max_length=200, description="Put before each question, like `query: ` for E5.")


class EmbeddingModel(Section):
    """A model that turns chunks and questions into vectors."""

    model_id: str = Field(
        "amazon.titan-embed-text-v2:0",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$",
        description=f"Bedrock id of the embedding model or of its inference profile: {', '.join(MODELS)}. With "
        "`endpoint`, the name of the model there.",
    )
    dimensions: int = Field(
        1024,
        ge=1,
        le=4096,
        description="Numbers in each embedding, of those that the model has.",
    )
    endpoint: EmbeddingEndpoint | None = Field(None, description="Embed by an endpoint of your own, not by Bedrock.")

    @property
    def bedrock_model(self) -> str | None:
        """The model of Bedrock without the prefix of an inference profile; None for an endpoint."""
        if self.endpoint:
            return None
        prefix = profile_prefix(self.model_id)
        return self.model_id.removeprefix(f"{prefix}.") if prefix else self.model_id

    @property
    def max_tokens(self) -> int | None:
        """Tokens of a text at most; None for a model that is not known."""
        if self.endpoint:
            return self.endpoint.max_tokens
        known = MODELS.get(self.bedrock_model or "")
        return known.max_tokens if known else None


class Embedding(EmbeddingModel):
    """The model that turns chunks and questions into vectors. A change goes through `next`: docs/reindex.md."""

    next: EmbeddingModel | None = Field(
        None,
        description="The model that the index is to move to by `slipway reindex`. Both can be called until you make it "
        "the model above and remove this.",
    )

    @property
    def models(self) -> list[tuple[tuple[str, ...], EmbeddingModel]]:
        """The models that functions may call, each with its place in the settings."""
        here = ("retrieval", "embedding")
        return [(here, self), *([((*here, "next"), self.next)] if self.next else [])]
