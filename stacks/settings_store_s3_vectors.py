"""The settings of the store `s3_vectors`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from stacks.settings_section import Section


class S3VectorsSettings(Section):
    """S3 Vectors: paid by use, nothing by the hour."""

    text_language: Literal["en", "fr", "es", "pt", "it", "de", "nl", "zh", "ja", "ko"] | None = Field(
        None,
        description="Language whose word forms full-text search knows, for tenants that come after; left open: none.",
    )
