"""What a source's documents go through, as the environment file says it: read from JSON, named by a hash.

Every key has a default, and the default of each rule is not to be there: the empty rule set is today's text unchanged.
Numbers are the published ones; whoever sets another one knows their own documents.
"""

import hashlib
from typing import Annotated

import msgspec
from msgspec import Meta

from slipway_runtime.prepare.redact.redact import Placeholders
from slipway_runtime.prepare.redact.span import Kind

Share = Annotated[float, Meta(ge=0, le=1)]
AtLeastOne = Annotated[int, Meta(ge=1)]
Language = Annotated[str, Meta(pattern="^[a-z]{2}$")]
VERSION_DIGITS = 12


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a rule set: immutable, and without unknown keys."""


class Redaction(_Part, frozen=True):
    """Which personal data and secrets give way to a placeholder: `[EMAIL]`, or numbered by value, `[EMAIL_1]`."""

    kinds: tuple[Kind, ...]
    placeholders: Placeholders = "typed"


class Gopher(_Part, frozen=True):
    """Limits of form. Source: Rae et al. 2021 (Gopher), arXiv 2112.11446, appendix A.1.1, "Quality filtering"."""

    min_words: AtLeastOne = 50
    max_words: AtLeastOne = 100_000
    min_mean_word_characters: float = 3
    max_mean_word_characters: float = 10
    max_symbols_per_word: float = 0.1
    max_bullet_lines: Share = 0.9
    max_ellipsis_lines: Share = 0.3
    min_alphabetic_words: Share = 0.8
    min_function_words: int = 2


class Repetition(_Part, frozen=True):
    """Limits of repetition. Source: Rae et al. 2021 (Gopher), arXiv 2112.11446, appendix A.1.1, table A1."""

    max_duplicate_lines: Share = 0.3
    max_duplicate_paragraphs: Share = 0.3
    max_duplicate_line_characters: Share = 0.2
    max_duplicate_paragraph_characters: Share = 0.2
    max_top_ngram_characters: tuple[Share, Share, Share] = (0.2, 0.18, 0.16)
    max_duplicate_ngram_characters: tuple[Share, Share, Share, Share, Share, Share] = (
        0.15,
        0.14,
        0.13,
        0.12,
        0.11,
        0.1,
    )


class C4(_Part, frozen=True):
    """Prose from web pages. Source: Raffel et al. 2020 (T5), arXiv 1910.10683, section 2.2, without the word list."""

    drop_lines: bool = True
    min_line_words: int = 3
    min_sentences: int = 5


class FineWeb(_Part, frozen=True):
    """Limits of layout. Source: Penedo et al. 2024 (FineWeb), arXiv 2406.17557, section 3.6."""

    min_punctuated_lines: Share = 0.12
    max_duplicate_line_characters: Share = 0.1
    max_short_lines: Share = 0.67
    short_line_characters: AtLeastOne = 30


class Quality(_Part, frozen=True):
    """Families of filters; each is off until it is named, `gopher: {}`."""

    gopher: Gopher | None = None
    repetition: Repetition | None = None
    c4: C4 | None = None
    fineweb: FineWeb | None = None


class Rules(_Part, frozen=True):
    """The rule set of a source. An empty `languages` allows every language."""

    redact: Redaction | None = None
    quality: Quality = Quality()
    languages: tuple[Language, ...] = ()

    @property
    def version(self) -> str:
        """Return the name of this rule set: "none" for the empty one, else 12 hex digits.

        Defaults count as if written, so that a changed default gives another name.
        """
        if self == Rules():
            return "none"
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()[:VERSION_DIGITS]


class Source(_Part, frozen=True):
    """A part of the raw bucket, by the first characters of its keys, with a rule set of its own."""

    prefix: Annotated[str, Meta(min_length=1)]
    rules: Rules


class SourceRules(_Part, frozen=True):
    """The rules of an environment: `default` for every source that is not listed."""

    default: Rules = Rules()
    sources: tuple[Source, ...] = ()

    def of(self, key: str) -> Rules:
        """Return the rules of an object key: those of the longest prefix, whole; rule sets are not merged."""
        fitting = [source for source in self.sources if key.startswith(source.prefix)]
        return max(fitting, key=lambda source: len(source.prefix)).rules if fitting else self.default


def read(document: str | bytes) -> SourceRules:
    """Return the rules of an environment from JSON. Raises: msgspec.ValidationError naming what is wrong and where."""
    return msgspec.json.decode(document, type=SourceRules)
