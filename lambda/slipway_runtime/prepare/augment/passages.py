"""Which parts of a document are asked about: chunks spread over the whole of it."""

from collections.abc import Iterator

from slipway_runtime.prepare.augment.tasks.base import Passage
from slipway_runtime.prepare.curate import CuratedDocument
from slipway_runtime.retrieve.chunk import ChunkSettings, chunk

# Less than two sentences give no question that could not be guessed.
MIN_CHARACTERS = 120
ITEMS_A_CALL = 4


def passages(document: CuratedDocument, settings: ChunkSettings) -> list[Passage]:
    """Return the chunks of a document that are long enough to be asked about. Raises: Rejected for too many chunks."""
    return [
        Passage(text=piece.content, language=document.language, ordinal=piece.ordinal)
        for piece in chunk(document.prepared(), settings)
        if len(piece.content) >= MIN_CHARACTERS
    ]


def shares(found: list[Passage], wanted: int) -> Iterator[tuple[Passage, int]]:
    """Yield passages, evenly spread, with how many items each is asked for; together `wanted` where there are any.

    Few passages are asked for more each, so that one call pays for several items.
    """
    calls = min(len(found), -(-wanted // ITEMS_A_CALL))
    for call in range(calls):
        number = wanted // calls + (call < wanted % calls)
        yield found[call * len(found) // calls], number
