"""Which sentence of a source a statement of the answer rests on."""

import pytest

from slipway_runtime.generate.answer import _citation
from slipway_runtime.generate.spans import best_sentence, statements
from slipway_runtime.retrieve.stores.contract import Hit

pytestmark = pytest.mark.capability("R8")


def test_each_marker_has_its_statement() -> None:
    text = "Tomatoes need sun [1]. They need water [2][3]. See `a[1]`. Both matter [1, 2]."
    assert statements(text) == [
        (1, "Tomatoes need sun"),
        (2, "They need water"),
        (3, "They need water"),
        (1, "Both matter"),
        (2, "Both matter"),
    ]


def test_a_text_without_markers_has_no_statements() -> None:
    assert statements("Nothing is cited.") == []


def test_the_sentence_that_shares_most_words_is_found_with_its_place() -> None:
    content = "# Tomatoes\n\nTomatoes are red.  They need six hours of sun a day.\nWater them at the root!"
    found = best_sentence(content, "six hours of sun are needed a day")
    assert found
    assert content[found.start : found.end] == "They need six hours of sun a day."
    assert best_sentence(content, "zzz") is None
    assert best_sentence("", "sun") is None


@pytest.mark.parametrize(
    ("content", "statement"),
    [
        ("Parking is free for the guests. Dogs are not allowed.", "The annual licence fee is 5,000 euro"),
        ("Die Hunde sind nicht erlaubt.", "Die Gebühr ist nicht hoch"),
        ("The fee of the car park is paid in coins.", "The licence fee rises every year by the index of prices"),
    ],
)
def test_no_sentence_is_quoted_for_words_that_stand_everywhere(content: str, statement: str) -> None:
    assert best_sentence(content, statement) is None


def test_offsets_are_characters_not_bytes() -> None:
    content = "Größe zählt. 日本の水やりは朝です。Tomaten brauchen Sonne."
    found = best_sentence(content, "Tomaten brauchen Sonne")
    assert found
    assert content[found.start : found.end] == "Tomaten brauchen Sonne."


def test_a_quote_of_a_chunk_that_repeats_a_header_row_has_its_place_in_the_document() -> None:
    header, rows = "| plant | hours. |\n", "Tomatoes need six hours. Beans need four hours."
    document = f"{header}A first row. {rows}"
    hit = Hit(
        chunk_id="c", document_id="d", path="p", heading="", page=None, content=header + rows, score=0.5, fused=0.1,
        start=document.index(rows), end=len(document),
    )  # fmt: skip
    citation = _citation(hit, ["Beans need four hours", "plant | hours"])
    assert document[citation.start : citation.end] == rows
    assert [quote.text for quote in citation.quotes] == ["Beans need four hours."]
    assert all(document[quote.start : quote.end] == quote.text for quote in citation.quotes)
