"""The settings of rules: what the documents of a source go through, and how functions and jobs are told.

They are told by one JSON document in the function's environment: it changes with the function in one deployment, costs
no call, no permission and no endpoint, and fits what Lambda allows for some twenty sources. The runtime reads it by
`slipway_runtime.prepare.rules.settings`, whose defaults are these.
"""

from __future__ import annotations

import json
from typing import Annotated, Literal

from pydantic import Field

from stacks.settings_duplicates import NearDuplicates
from stacks.settings_section import Section

Share = Annotated[float, Field(ge=0, le=1)]
Kind = Literal["email", "phone", "card", "iban", "ssn", "ip", "aws_key", "secret", "name"]
Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]


class Redaction(Section):
    """What gives way to a placeholder before anything else reads the text."""

    kinds: list[Kind] = Field(
        min_length=1,
        description="What is replaced: `email`, `phone`, `card`, `iban`, `ssn`, `ip`, `aws_key`, `secret` (tokens, "
        "private keys, passwords), and `name` (of people, by Amazon Comprehend, about $1 a million characters).",
    )
    placeholders: Literal["typed", "numbered"] = Field(
        "typed",
        description="`typed`: [EMAIL]. `numbered`: [EMAIL_1], the same number for the same value in a document.",
    )


class Gopher(Section):
    """Limits of form, after the Gopher paper (arXiv 2112.11446, A.1.1); `gopher: {}` takes its numbers."""

    min_words: int = Field(50, ge=1, description="Least words.")
    max_words: int = Field(100_000, ge=1, description="Most words.")
    min_mean_word_characters: float = Field(3, ge=0, description="Least mean length of a word, characters.")
    max_mean_word_characters: float = Field(10, ge=0, description="Most mean length of a word, characters.")
    max_symbols_per_word: float = Field(0.1, ge=0, description="Most hash signs, or ellipses, for each word.")
    max_bullet_lines: Share = Field(0.9, description="Most lines that begin with a bullet, share.")
    max_ellipsis_lines: Share = Field(0.3, description="Most lines that end with an ellipsis, share.")
    min_alphabetic_words: Share = Field(0.8, description="Least words with a letter, share.")
    min_function_words: int = Field(2, ge=0, description="Least different function words of the document's language.")


class Repetition(Section):
    """Limits of repetition, after the Gopher paper (table A1); `repetition: {}` takes its numbers."""

    max_duplicate_lines: Share = Field(0.3, description="Most lines that repeat an earlier one, share.")
    max_duplicate_paragraphs: Share = Field(0.3, description="Most paragraphs that repeat an earlier one, share.")
    max_duplicate_line_characters: Share = Field(0.2, description="Most characters in such lines, share.")
    max_duplicate_paragraph_characters: Share = Field(0.2, description="Most characters in such paragraphs, share.")
    max_top_ngram_characters: list[Share] = Field(
        default_factory=lambda: [0.2, 0.18, 0.16],
        min_length=3,
        max_length=3,
        description="Most characters in the commonest sequence of 2, 3 and 4 words, shares.",
    )
    max_duplicate_ngram_characters: list[Share] = Field(
        default_factory=lambda: [0.15, 0.14, 0.13, 0.12, 0.11, 0.1],
        min_length=6,
        max_length=6,
        description="Most characters in sequences of 5 to 10 words that come again, shares.",
    )


class C4(Section):
    """Prose from web pages, after the T5 paper (arXiv 1910.10683, 2.2) without its word list."""

    drop_lines: bool = Field(
        True, description="Drop lines that are short or unfinished, or speak of JavaScript or cookies."
    )
    min_line_words: int = Field(3, ge=0, description="Least words of a line that stays.")
    min_sentences: int = Field(5, ge=0, description="Least sentences.")


class FineWeb(Section):
    """Limits of layout, after the FineWeb paper (arXiv 2406.17557, 3.6); `fineweb: {}` takes its numbers."""

    min_punctuated_lines: Share = Field(0.12, description="Least lines that end with a mark, share.")
    max_duplicate_line_characters: Share = Field(0.1, description="Most characters in repeated lines, share.")
    max_short_lines: Share = Field(0.67, description="Most short lines, share.")
    short_line_characters: int = Field(30, ge=1, description="Lines of fewer characters are short.")


class Quality(Section):
    """Families of filters; a document that one refuses is rejected with the measured value and the limit."""

    gopher: Gopher | None = Field(None, description="Limits of form.")
    repetition: Repetition | None = Field(None, description="Limits of repetition.")
    c4: C4 | None = Field(None, description="Prose from web pages.")
    fineweb: FineWeb | None = Field(None, description="Limits of layout.")


class Rules(Section):
    """The rule set of a source. With everything left open the text stays as it was read."""

    redact: Redaction | None = Field(None, description="Personal data and secrets.")
    quality: Quality = Field(default_factory=Quality, description="Filters of quality.")
    languages: list[Language] = Field(
        default_factory=list, description="Languages that are kept, ISO 639-1, like [en, de]; none listed: all."
    )


class Source(Section):
    """A part of the raw bucket with a rule set of its own, which stands whole: nothing is taken from the default."""

    prefix: str = Field(
        pattern=r"^[a-z0-9-]{1,64}/[^\x00-\x1f\x7f]{0,900}$",
        description="The first characters of its keys, like `default/mail/`; of several that fit the longest decides.",
    )
    rules: Rules = Field(description="The rule set.")
    near_duplicates: NearDuplicates | None = Field(
        None, description="How it is searched for near-duplicates; left open: as `ingestion.near_duplicates` says."
    )


def rules_document(default: Rules, sources: list[Source]) -> str:
    """Return the JSON that functions and jobs read: keys sorted, what has its default left out."""
    document = {
        "default": default.model_dump(mode="json", exclude_defaults=True),
        "sources": [
            {"prefix": source.prefix, "rules": source.rules.model_dump(mode="json", exclude_defaults=True)}
            for source in sources
        ],
    }
    kept = {name: value for name, value in document.items() if value}
    return json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def redacts_names(default: Rules, sources: list[Source]) -> bool:
    """Return whether any source has names redacted, which needs Comprehend."""
    return any(
        rules.redact and "name" in rules.redact.kinds for rules in (default, *(source.rules for source in sources))
    )
