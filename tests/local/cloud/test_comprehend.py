"""Comprehend: names and other personal data, entities, languages, and the limits of the service.

Expectations: https://docs.aws.amazon.com/comprehend/latest/APIReference/API_DetectPiiEntities.html, API_DetectEntities,
API_BatchDetectEntities and https://docs.aws.amazon.com/comprehend/latest/dg/guidelines-and-limits.html
"""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from slipway_local.comprehend import service
from support.shapes import check_answer

pytestmark = pytest.mark.capability("D3")
TEXT = "Café notes: Dr. Weber and Maria Rossi wrote to info@example.com on 12 May 2026, card 4111 1111 1111 1111."


@pytest.fixture
def comprehend(local_cloud: Any) -> Any:
    return local_cloud.place.client("comprehend")


def passages(entities: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(one["Type"], TEXT[one["BeginOffset"] : one["EndOffset"]]) for one in entities}


def test_personal_data_with_offsets_in_characters(comprehend: Any) -> None:
    found = comprehend.detect_pii_entities(Text=TEXT, LanguageCode="en")["Entities"]

    assert passages(found) == {
        ("NAME", "Weber"),
        ("NAME", "Maria Rossi"),
        ("EMAIL", "info@example.com"),
        ("CREDIT_DEBIT_NUMBER", "4111 1111 1111 1111"),
    }
    assert all(0.5 < one["Score"] <= 1 for one in found)


def test_entities_quote_the_text(comprehend: Any) -> None:
    found = comprehend.detect_entities(Text=TEXT, LanguageCode="de")["Entities"]

    assert passages(found) == {("PERSON", "Weber"), ("PERSON", "Maria Rossi"), ("DATE", "12 May 2026")}
    assert all(one["Text"] == TEXT[one["BeginOffset"] : one["EndOffset"]] for one in found)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The pump is in the hall and it is not for sale.", "en"),
        ("Die Pumpe ist in der Halle und wird nicht verkauft.", "de"),
        ("La pompe est dans la salle et les clients ne sont pas là.", "fr"),
        ("ポンプはホールにあります。", "ja"),
    ],
)
def test_the_dominant_language(comprehend: Any, text: str, language: str) -> None:
    assert comprehend.detect_dominant_language(Text=text)["Languages"][0]["LanguageCode"] == language


def test_a_batch_answers_each_text_and_names_those_that_are_too_long(comprehend: Any) -> None:
    answer = comprehend.batch_detect_entities(TextList=[TEXT, "é" * 2501, "nobody"], LanguageCode="en")

    assert [one["Index"] for one in answer["ResultList"]] == [0, 2]
    assert [(one["Index"], one["ErrorCode"]) for one in answer["ErrorList"]] == [(1, "TEXT_SIZE_LIMIT_EXCEEDED")]


@pytest.mark.parametrize(
    ("operation", "arguments", "code"),
    [
        ("detect_pii_entities", {"Text": "é" * 50_001, "LanguageCode": "en"}, "TextSizeLimitExceededException"),
        ("detect_pii_entities", {"Text": "Hallo", "LanguageCode": "de"}, "UnsupportedLanguageException"),
        ("detect_entities", {"Text": "Hej", "LanguageCode": "sv"}, "UnsupportedLanguageException"),
        ("detect_entities", {"Text": "", "LanguageCode": "en"}, "InvalidRequestException"),
        ("batch_detect_dominant_language", {"TextList": ["a"] * 26}, "BatchSizeLimitExceededException"),
    ],
)
def test_what_the_service_refuses(comprehend: Any, operation: str, arguments: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(comprehend, operation)(**arguments)

    assert refused.value.response["Error"]["Code"] == code


def test_answers_have_the_shape_of_the_model() -> None:
    check_answer("comprehend", "DetectPiiEntities", service.pii_entities(TEXT))
    check_answer("comprehend", "DetectEntities", service.entities(TEXT))
    check_answer("comprehend", "DetectDominantLanguage", service.dominant_language(TEXT))
    check_answer("comprehend", "BatchDetectEntities", service.batch([TEXT, ""], service.entities))
