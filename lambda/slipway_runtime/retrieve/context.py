"""What is embedded for a chunk: its place in the document, then its content."""

from slipway_runtime.prepare.document import PreparedDocument
from slipway_runtime.retrieve.chunk import HEADING_SEPARATOR, Chunk
from slipway_runtime.retrieve.embed import MARKS
from slipway_runtime.retrieve.embedding.model import EmbeddingModel


def embedding_text(document: PreparedDocument, piece: Chunk, model: EmbeddingModel) -> str:
    """Return title, heading and description above the content.

    They are cut to what the content leaves of the model's limits, and leave nothing of the content out.
    """
    place = HEADING_SEPARATOR.join(filter(None, (document.title, piece.heading)))
    above = "\n".join(filter(None, (place, document.description)))
    return f"{_cut(above, piece.content, model)}\n\n{piece.content}"


def _cut(above: str, content: str, model: EmbeddingModel) -> str:
    tokenizer, limits = model.tokenizer, model.limits
    above = above[: max(0, limits.characters - len(content) - 2)]
    if len(above) + len(content) <= limits.tokens // 2:  # no tokenizer that we have makes more of them
        return above
    starts = tokenizer.starts(above)
    room = max(0, limits.tokens - MARKS - tokenizer.count(content))
    return above[: starts[room]].rstrip() if room < len(starts) else above
