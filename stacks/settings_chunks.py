"""The settings of chunks: how large they are, in characters or in tokens of the embedding model."""

from __future__ import annotations

from pydantic import Field

from stacks.settings_section import Section

OVERLAP_SHARE = 8


class Chunks(Section):
    """How documents are cut: part of `ingestion`."""

    chunk_characters: int = Field(1200, ge=200, le=8000, description="Most characters in a chunk.")
    chunk_overlap_characters: int = Field(150, ge=0, le=2000, description="Characters that neighbouring chunks share.")
    chunk_tokens: int | None = Field(
        None,
        ge=32,
        le=1500,
        description="Most tokens in a chunk, as the embedding model counts them, instead of chunk_characters; counted "
        "with a margin where its tokenizer is not published (Titan, Cohere).",
    )
    chunk_overlap_tokens: int | None = Field(
        None, ge=0, le=750, description="Tokens that neighbouring chunks share; left open: an eighth of chunk_tokens."
    )
    chunk_parent_characters: int = Field(
        0,
        ge=0,
        le=50_000,
        description="Characters of the section around a chunk that are noted as its parent; 0: none is noted.",
    )

    @property
    def overlap_tokens(self) -> int:
        """The overlap of chunks that are measured in tokens."""
        if self.chunk_overlap_tokens is None:
            return (self.chunk_tokens or 0) // OVERLAP_SHARE
        return self.chunk_overlap_tokens

    @property
    def chunk_variables(self) -> dict[str, str]:
        """The variables by which functions know these settings."""
        variables = {
            "CHUNK_MAX_CHARACTERS": str(self.chunk_characters),
            "CHUNK_OVERLAP_CHARACTERS": str(self.chunk_overlap_characters),
        }
        if self.chunk_tokens:
            variables |= {
                "CHUNK_MAX_TOKENS": str(self.chunk_tokens),
                "CHUNK_OVERLAP_TOKENS": str(self.overlap_tokens),
            }
        if self.chunk_parent_characters:
            variables["CHUNK_PARENT_CHARACTERS"] = str(self.chunk_parent_characters)
        return variables
