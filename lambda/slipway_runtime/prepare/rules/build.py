"""From settings to rules: the one place that knows every class of rule and the order in which they run."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from slipway_runtime.prepare.redact.redact import Redact
from slipway_runtime.prepare.rules import c4, fineweb, gopher, repetition
from slipway_runtime.prepare.rules import settings as rules
from slipway_runtime.prepare.rules.base import Filter, RuleSet, TextRule
from slipway_runtime.prepare.rules.language import AllowedLanguages


@dataclass(frozen=True, kw_only=True)
class RuleSets:
    """The rule sets of an environment, each built when a document first needs it.

    `comprehend` returns the client; it is called only where names are redacted.
    """

    settings: rules.SourceRules = field(default_factory=rules.SourceRules)
    comprehend: Callable[[], Any] = lambda: None
    built: dict[rules.Rules, RuleSet] = field(default_factory=dict)

    def of(self, key: str) -> RuleSet:
        """Return the rule set of an object key."""
        chosen = self.settings.of(key)
        if chosen not in self.built:
            needs_names = chosen.redact is not None and "name" in chosen.redact.kinds
            self.built[chosen] = build(chosen, self.comprehend() if needs_names else None)
        return self.built[chosen]


def build(chosen: rules.Rules, comprehend: Any = None) -> RuleSet:
    """Return the rule set that these settings describe; `comprehend` is the boto3 client that names need.

    Redaction comes first, so that no later rule sees what must not be seen; filters look at the language first, which
    costs least.
    Raises: ValueError if names are to be redacted and there is no client: nothing goes on unredacted.
    """
    return RuleSet(
        text_rules=tuple(_text_rules(chosen, comprehend)), filters=tuple(_filters(chosen)), version=chosen.version
    )


def _text_rules(chosen: rules.Rules, comprehend: Any) -> Iterator[TextRule]:
    if redaction := chosen.redact:
        find_names = None
        if "name" in redaction.kinds:
            from slipway_runtime.prepare.redact.names import Names  # noqa: PLC0415 - only where names are redacted

            if comprehend is None:
                raise ValueError('the rules redact the kind "name", which needs a Comprehend client')
            find_names = Names(client=comprehend)
        yield Redact(kinds=frozenset(redaction.kinds), placeholders=redaction.placeholders, find_names=find_names)
    if (prose := chosen.quality.c4) and prose.drop_lines:
        yield c4.DropLines(min_line_words=prose.min_line_words)


def _filters(chosen: rules.Rules) -> Iterator[Filter]:
    if chosen.languages:
        yield AllowedLanguages(allowed=frozenset(chosen.languages))
    quality = chosen.quality
    if quality.gopher:
        yield from _gopher(quality.gopher)
    if quality.c4:
        yield c4.LoremIpsum()
        yield c4.CurlyBrackets()
        yield c4.MinSentences(limit=quality.c4.min_sentences)
    if limits := quality.fineweb:
        yield fineweb.MinPunctuatedLines(limit=limits.min_punctuated_lines)
        yield fineweb.MaxRepeatedCharacters(limit=limits.max_duplicate_line_characters)
        yield fineweb.MaxShortLines(limit=limits.max_short_lines, characters=limits.short_line_characters)
    if quality.repetition:
        yield from _repetition(quality.repetition)


def _gopher(limits: rules.Gopher) -> Iterator[Filter]:
    yield gopher.MinWords(limit=limits.min_words)
    yield gopher.MaxWords(limit=limits.max_words)
    yield gopher.MinMeanWordCharacters(limit=limits.min_mean_word_characters)
    yield gopher.MaxMeanWordCharacters(limit=limits.max_mean_word_characters)
    yield gopher.MaxSymbolsPerWord(limit=limits.max_symbols_per_word)
    yield gopher.MaxBulletLines(limit=limits.max_bullet_lines)
    yield gopher.MaxEllipsisLines(limit=limits.max_ellipsis_lines)
    yield gopher.MinAlphabeticWords(limit=limits.min_alphabetic_words)
    yield gopher.MinFunctionWords(limit=limits.min_function_words)


def _repetition(limits: rules.Repetition) -> Iterator[Filter]:
    yield repetition.MaxDuplicateLines(limit=limits.max_duplicate_lines)
    yield repetition.MaxDuplicateParagraphs(limit=limits.max_duplicate_paragraphs)
    yield repetition.MaxDuplicateLineCharacters(limit=limits.max_duplicate_line_characters)
    yield repetition.MaxDuplicateParagraphCharacters(limit=limits.max_duplicate_paragraph_characters)
    for n, limit in enumerate(limits.max_top_ngram_characters, 2):
        yield repetition.MaxTopNgramCharacters(limit=limit, n=n)
    for n, limit in enumerate(limits.max_duplicate_ngram_characters, 5):
        yield repetition.MaxDuplicateNgramCharacters(limit=limit, n=n)
