"""How much text one document may give, counted while it is produced: repeated names expand a thousandfold."""

from collections.abc import Iterable, Iterator

from slipway_runtime.prepare.rejected import Rejected


class TextBudget:
    """The characters of text that a document may still give."""

    def __init__(self, characters: int) -> None:
        self._characters = characters
        self._left = characters

    def take(self, text: str) -> str:
        """Count a line or a block, with the line break after it, and return it.

        Raises: Rejected("too_large") when all of them together are more than allowed.
        """
        self._left -= len(text) + 1
        if self._left < 0:
            reason = (
                f"the document gives more than {self._characters} characters of text, "
                "column names and paths counted each time they are written out; split it into parts"
            )
            raise Rejected("too_large", reason)
        return text

    def each(self, texts: Iterable[str]) -> Iterator[str]:
        """Yield the texts, each counted before the next one is made."""
        return map(self.take, texts)
