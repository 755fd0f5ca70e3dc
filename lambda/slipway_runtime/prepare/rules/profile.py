"""What filters measure of a document, each computed once: words, lines, paragraphs, and what repeats among them."""

import functools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property

from slipway_runtime.prepare.document import PreparedDocument

# Chinese, Japanese and Thai put no blanks between words: so many characters stand for a word of theirs.
UNSPACED = ("zh", "ja", "th")
WORD = re.compile(
    r"[\u3001-\u303f\uff01-\uff1f]*[\u3005\u3040-\u30ff\u3400-\u9fff]{1,2}[\u3001-\u303f\uff01-\uff1f]*|[\u0e00-\u0e7f]{1,4}|[^\s\u0e00-\u0e7f\u3005\u3040-\u30ff\u3400-\u9fff]+"
)
PARAGRAPH = re.compile(r"\n{2,}")
SENTENCE = re.compile(r"[。！？]+|[.!?؟।]+[\"'”’)\]]*(?:\s|$)")
EDGE = "\"'“”‘’«»()[]{}<>.,;:!?…*_`~|-–—/\\#、，。！？；：「」『』（）《》"


class Profile:
    """The measures of one document. Shares are of characters or of pieces, 0 to 1."""

    def __init__(self, document: PreparedDocument) -> None:
        self.text = document.text
        self.language = document.language
        self.heading_marks = sum(heading.level for heading in document.headings)

    @cached_property
    def words(self) -> list[str]:
        """Words, without the marks around them; marks alone stay as they are."""
        return [word.strip(EDGE) or word for word in WORD.findall(self.text)]

    @cached_property
    def real_words(self) -> list[str]:
        """Words with at least one letter or digit."""
        return [word for word in self.words if any(map(str.isalnum, word))]

    @cached_property
    def lines(self) -> list[str]:
        """Lines that are not blank, without the blanks around them."""
        return [line for line in map(str.strip, self.text.split("\n")) if line]

    @cached_property
    def paragraphs(self) -> list[str]:
        """Paragraphs, which blank lines separate."""
        return [paragraph for paragraph in PARAGRAPH.split(self.text.strip()) if paragraph]

    @cached_property
    def sentences(self) -> int:
        """How many sentences end in the text."""
        return sum(1 for _ in SENTENCE.finditer(self.text))

    def line_share(self, matching: int) -> float:
        """Return that number of lines as a share of all."""
        return matching / max(1, len(self.lines))

    def duplicates(self, pieces: Sequence[str]) -> tuple[float, float]:
        """Return which share of the pieces, and of the text's characters, repeats a piece before."""
        copies = Counter(pieces)
        repeated = sum(count - 1 for count in copies.values())
        characters = sum((count - 1) * len(piece) for piece, count in copies.items())
        return repeated / max(1, len(pieces)), characters / max(1, len(self.text))

    def top_ngram(self, n: int) -> float:
        """Return the share of characters in the commonest sequence of n words, 0 where none comes twice."""
        counts = Counter(self._ngrams(n))
        if not counts:
            return 0.0
        # Of equally common ones the longest, so that the answer does not depend on their order.
        number, length = max((count, sum(map(len, ngram))) for ngram, count in counts.items())
        return number * length / max(1, len(self.text)) if number > 1 else 0.0

    def repeated_ngrams(self, n: int) -> float:
        """Return the share of characters in sequences of n words seen before, no word counted twice."""
        seen: set[tuple[str, ...]] = set()
        characters, at, words = 0, 0, self.words
        while at + n <= len(words):
            ngram = tuple(words[at : at + n])
            if ngram in seen:
                characters += sum(map(len, ngram))
                at += n
            else:
                seen.add(ngram)
                at += 1
        return characters / max(1, len(self.text))

    def _ngrams(self, n: int) -> Iterator[tuple[str, ...]]:
        return zip(*(self.words[start:] for start in range(n)), strict=False)


def profile(document: PreparedDocument) -> Profile:
    """Return the measures of a document, the same object to every filter that looks at it in turn."""
    return _last(_Same(document))


class _Same:
    """Equal if it is the same object: a document holds lists and has no hash."""

    def __init__(self, document: PreparedDocument) -> None:
        self.document = document

    def __hash__(self) -> int:
        return id(self.document)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.document is self.document


@functools.lru_cache(maxsize=1)
def _last(same: _Same) -> Profile:
    return Profile(same.document)
