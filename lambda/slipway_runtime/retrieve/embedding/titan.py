"""Amazon Titan Text Embeddings V2: one text a request; 256, 512 or 1,024 dimensions.

Source: Amazon Bedrock user guide, "Amazon Titan Embeddings Text".
"""

from slipway_runtime.retrieve.embedding.bedrock import BedrockModel
from slipway_runtime.retrieve.embedding.model import Embedded, Limits, Purpose

LIMITS = Limits(texts=1, request_bytes=400_000, characters=50_000, tokens=8_192)
# A token is a byte at least: so much always fits.
ALWAYS_FITS_BYTES = 8_000


class Titan(BedrockModel):
    """Titan V2, which embeds documents and questions alike."""

    limits = LIMITS

    def invoke(self, texts: list[str], purpose: Purpose) -> Embedded:  # noqa: ARG002 - it knows no difference
        """Return the vector of the one text. Raises: the errors of Bedrock."""
        [text] = texts
        answer, counted = self.ask({"inputText": text, "dimensions": self.dimensions, "normalize": True})
        return Embedded(vectors=[answer["embedding"]], tokens=answer.get("inputTextTokenCount", counted))

    def shorten(self, text: str) -> str:
        """Return the beginning: Titan refuses what has too many tokens."""
        return text.encode("utf-8", "replace")[:ALWAYS_FITS_BYTES].decode("utf-8", "ignore")
