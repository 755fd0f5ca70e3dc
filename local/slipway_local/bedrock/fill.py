"""An input for a tool, made of sentences: each field of its JSON schema is filled with what the text holds.

Strings are sentences of the text; where a property's name says that it asks (`question`), a question about one, and
with an `enum`, the value nearest in meaning. Numbers are those that stand in a sentence. What no text can decide
(booleans, `anyOf` …) is refused by name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..aws_json import JsonObject, validation_error
from .sentences import content_words

if TYPE_CHECKING:
    from .embedder import Embedder

_ASKS = re.compile(r"question|query", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?!\w)")
_NOT_FILLED = ("$ref", "allOf", "anyOf", "oneOf", "not", "pattern", "format", "patternProperties")
_QUESTIONS = {
    "en": "What does the text say about {}?",
    "de": "Was sagt der Text über {}?",
    "fr": "Que dit le texte au sujet de {} ?",
    "es": "¿Qué dice el texto sobre {}?",
    "it": "Che cosa dice il testo su {}?",
    "pt": "O que diz o texto sobre {}?",
}
_SUBJECT_WORDS = 4


class Filler:
    """Fills schemas from the sentences of a text, the first item of a list from the first sentence, and so on."""

    def __init__(self, sentences: list[str], embedder: Embedder) -> None:
        from ..comprehend.find import languages

        self._sentences, self._embedder = sentences, embedder
        self._question = _QUESTIONS.get(languages(" ".join(sentences))[0][0], _QUESTIONS["en"])

    def fill(self, schema: JsonObject) -> Any:
        """Return a value of the schema. Raises: ServiceError for a schema that sentences cannot fill."""
        return self._value("input", schema, 0)

    def _value(self, name: str, schema: JsonObject, at: int) -> Any:
        if unknown := [word for word in _NOT_FILLED if word in schema]:
            raise _cannot(name, unknown[0])
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._nearest(schema["enum"])
        match schema.get("type"):
            case "object":
                properties: JsonObject = schema.get("properties") or {}
                return {key: self._value(key, inner, at) for key, inner in properties.items()}
            case "array":
                return self._items(name, schema, at)
            case "string":
                return self._text(name, at)[: schema.get("maxLength")]
            case "integer" | "number" as kind:
                return self._number(name, kind, at)
        raise _cannot(name, f"the type {schema.get('type')!r}")

    def _items(self, name: str, schema: JsonObject, at: int) -> list[Any]:
        wanted = schema.get("maxItems") or schema.get("minItems") or 1
        number = min(int(wanted), len(self._sentences) - at)
        return [self._value(name, schema.get("items") or {}, at + index) for index in range(number)]

    def _text(self, name: str, at: int) -> str:
        sentence = self._sentences[at]
        if not _ASKS.search(name):
            return sentence
        return self._question.format(", ".join(content_words(sentence)[:_SUBJECT_WORDS]) or sentence)

    def _number(self, name: str, kind: str, at: int) -> float | int:
        for sentence in self._sentences[at:]:
            for match in _NUMBER.finditer(sentence):
                value = float(match[0])
                if kind == "number" or value.is_integer():
                    return int(value) if value.is_integer() else value
        raise _cannot(name, f"a {kind}, of which the text holds none")

    def _nearest(self, values: list[Any]) -> Any:
        about, *vectors = self._embedder.embed([" ".join(self._sentences), *map(str, values)])
        closeness = [float(about @ vector) for vector in vectors]
        return values[closeness.index(max(closeness))]


def _cannot(name: str, what: str) -> Exception:
    return validation_error(
        f"The local stand-in for a model fills a tool's input with sentences of the prompt, and {name!r} of its schema "
        f"needs {what}. Set SLIPWAY_MODEL_URL to an OpenAI-compatible server."
    )
