"""The setting of text recognition in scans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from stacks.settings import Ingestion

Ocr = Literal["none", "textract"]
OCR_DESCRIPTION = (
    "What reads scans: images, and PDF without text. `none`: nothing, they are rejected. `textract`: Amazon Textract, "
    "about $1.50 a thousand pages, once for each version of a document; in a created VPC one endpoint more, about $7 a "
    "month for each zone."
)


def recognises(ingestion: Ingestion) -> bool:
    """Return whether the text of scans is recognised."""
    return ingestion.ocr != "none"
