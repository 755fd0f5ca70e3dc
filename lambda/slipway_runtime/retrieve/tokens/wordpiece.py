"""WordPiece with the vocabulary of BERT (uncased), which MiniLM, BGE, E5 and GTE of the English kind have too.

Tokens are the same as those of the package `tokenizers`, which would bring a client of a model hub with it.
Source: Devlin et al. 2019 (arXiv:1810.04805); the vocabulary is that of google-research/bert, Apache License 2.0.
"""

import functools
import gzip
import re
import unicodedata
from collections.abc import Iterator
from importlib import resources

from slipway_runtime.retrieve.tokens.tokenizer import Part, Tokenizer

MAX_WORD_CHARACTERS = 100
ASCII_PARTS = re.compile(r"[A-Za-z0-9]+|[^A-Za-z0-9]")
# CJK ideographs, each of which is a word. Source: google-research/bert, tokenization.py.
IDEOGRAPHS = (
    *((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F)),
    *((0x2B740, 0x2B81F), (0x2B920, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F)),
)


class WordPiece(Tokenizer):
    """The tokenizer of uncased BERT models."""

    def parts(self, run: str) -> tuple[Part, ...]:
        """Return words and marks: what BERT tokenises on its own."""
        if run.isascii():
            words = ((match.start(), match[0]) for match in ASCII_PARTS.finditer(run))
            return tuple(Part(at, len(word), pieces(word.lower())) for at, word in words)
        return tuple(
            Part(at, len(word), sum(pieces(part) for part in _split(_normal(word)))) for at, word in _words(run)
        )


@functools.lru_cache(100_000)
def pieces(word: str) -> int:
    """Return how many pieces a normalised word has: the longest that fit, from the left; 1 if it is unknown."""
    if len(word) > MAX_WORD_CHARACTERS:
        return 1
    known, longest, at, count = _vocabulary(), 18, 0, 0
    while at < len(word):
        mark = "##" if at else ""
        end = min(len(word), at + longest)
        while end > at and mark + word[at:end] not in known:
            end -= 1
        if end == at:
            return 1
        at, count = end, count + 1
    return count


def _words(run: str) -> Iterator[tuple[int, str]]:
    """Yield (offset, word): punctuation and ideographs alone, everything else together."""
    begin = 0
    for at, character in enumerate(run):
        if not _is_alone(character):
            continue
        if at > begin:
            yield begin, run[begin:at]
        yield at, character
        begin = at + 1
    if begin < len(run):
        yield begin, run[begin:]


def _split(word: str) -> Iterator[str]:
    """Split again: a character's decomposition may hold a mark that it is split at."""
    return (part for _, part in _words(word))


def _is_alone(character: str) -> bool:
    if character.isascii():
        return not character.isalnum()
    if unicodedata.category(character).startswith("P"):
        return True
    number = ord(character)
    return any(first <= number <= last for first, last in IDEOGRAPHS)


def _normal(word: str) -> str:
    """Return the word without accents, control characters and case."""
    decomposed = unicodedata.normalize("NFD", word)
    kept = (each for each in decomposed if unicodedata.category(each) not in ("Mn", "Cc", "Cf", "Co"))
    # One character at a time: Python would write a final sigma otherwise.
    return "".join(each.lower() for each in kept if each != "\ufffd")


@functools.cache
def _vocabulary() -> frozenset[str]:
    packed = resources.files("slipway_runtime.retrieve.tokens").joinpath("bert_uncased.txt.gz").read_bytes()
    return frozenset(gzip.decompress(packed).decode().split("\n"))
