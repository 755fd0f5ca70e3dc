"""Ours, as a document is cut after it was read: headings found, then chunks."""

from slipway_runtime.prepare.document import PreparedDocument
from slipway_runtime.prepare.prepare import headings
from slipway_runtime.retrieve.chunk import ChunkSettings, chunk

SETTINGS = ChunkSettings(max_characters=1_200, overlap_characters=150)


def run(documents: list[str]) -> list[list[str]]:
    """Return the chunks of each document."""
    return [
        [
            piece.content
            for piece in chunk(
                PreparedDocument(text=text, title="", media_type="text/markdown", headings=headings(text)), SETTINGS
            )
        ]
        for text in documents
    ]
