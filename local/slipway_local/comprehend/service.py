"""Comprehend's synchronous calls, with its limits; moto answers them with the same text for every document.

Source: https://docs.aws.amazon.com/comprehend/latest/dg/guidelines-and-limits.html
"""

import json
from collections.abc import Callable
from typing import Any

from slipway_local.comprehend import find

MAX_TEXT_BYTES, MAX_BATCH_TEXT_BYTES, MAX_BATCH_TEXTS = 100_000, 5_000, 25
PII_LANGUAGES = ("en", "es")
ENTITY_LANGUAGES = ("en", "es", "fr", "de", "it", "pt", "ar", "hi", "ja", "ko", "zh", "zh-TW")
Answer = dict[str, Any]


def pii_entities(text: str) -> Answer:
    """Return what DetectPiiEntities does."""
    return {"Entities": [_shown(one) for one in find.personal_data(text)]}


def entities(text: str) -> Answer:
    """Return what DetectEntities does."""
    return {"Entities": [_shown(one) | {"Text": text[one.begin : one.end]} for one in find.things(text)]}


def dominant_language(text: str) -> Answer:
    """Return what DetectDominantLanguage does."""
    return {"Languages": [{"LanguageCode": name, "Score": score} for name, score in find.languages(text)]}


def _shown(one: find.Found) -> Answer:
    return {"Type": one.type, "Score": one.score, "BeginOffset": one.begin, "EndOffset": one.end}


def check_text(text: Any) -> None:
    """Refuse what the service refuses. Raises: JsonRESTError of moto."""
    if not isinstance(text, str) or not text:
        raise _error("InvalidRequestException", "Text is empty; it must hold at least one character.")
    if (size := len(text.encode())) > MAX_TEXT_BYTES:
        message = f"Input text size exceeds limit. Max length of request text allowed is {MAX_TEXT_BYTES} bytes while"
        raise _error("TextSizeLimitExceededException", f"{message} in this request the text size is {size} bytes")


def check_language(code: Any, supported: tuple[str, ...]) -> None:
    """Refuse a language that the operation does not know. Raises: JsonRESTError of moto."""
    if code not in supported:
        message = f"Language code {code!r} is not supported for this operation. Supported: {', '.join(supported)}"
        raise _error("UnsupportedLanguageException", message)


def batch(texts: list[str], answer: Callable[[str], Answer]) -> Answer:
    """Return the answers of a batch; a text over its limit is an error of its own. Raises: JsonRESTError."""
    if not texts:
        raise _error("InvalidRequestException", "TextList is empty.")
    if len(texts) > MAX_BATCH_TEXTS:
        raise _error("BatchSizeLimitExceededException", f"The batch has {len(texts)} texts, at most {MAX_BATCH_TEXTS}.")
    results, errors = [], []
    for index, text in enumerate(texts):
        if not text or len(text.encode()) > MAX_BATCH_TEXT_BYTES:
            code = "TEXT_SIZE_LIMIT_EXCEEDED" if text else "INVALID_REQUEST"
            message = f"A text of a batch has 1 to {MAX_BATCH_TEXT_BYTES} bytes."
            errors.append({"Index": index, "ErrorCode": code, "ErrorMessage": message})
        else:
            results.append({"Index": index, **answer(text)})
    return {"ResultList": results, "ErrorList": errors}


def _error(code: str, message: str) -> Exception:
    from moto.core.exceptions import JsonRESTError

    error: Exception = JsonRESTError(code, message)
    return error


def install() -> None:
    """Put these in place of moto's answers, and beside them what moto lacks."""
    from moto.comprehend.responses import ComprehendResponse
    from moto.core.responses import ActionResult

    def add(name: str, answer: Callable[[str], Answer], languages: tuple[str, ...] = ()) -> None:
        def one(self: Any) -> Any:
            given = json.loads(self.body)
            if "EndpointArn" in given or "Bytes" in given:
                raise _error("InvalidRequestException", "This local cloud reads Text alone: no endpoint, no Bytes.")
            text = given.get("Text")
            check_text(text)
            if languages:
                check_language(given.get("LanguageCode"), languages)
            return ActionResult(answer(text))

        def many(self: Any) -> Any:
            given = json.loads(self.body)
            if languages:
                check_language(given.get("LanguageCode"), languages)
            return ActionResult(batch(given.get("TextList", []), answer))

        setattr(ComprehendResponse, f"detect_{name}", one)
        if name != "pii_entities":
            setattr(ComprehendResponse, f"batch_detect_{name}", many)

    add("pii_entities", pii_entities, PII_LANGUAGES)
    add("entities", entities, ENTITY_LANGUAGES)
    add("dominant_language", dominant_language)
