"""Which sentence of a source a statement of the answer rests on."""

import pytest

from slipway_runtime.generate.spans import best_sentence, statements

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


def test_offsets_are_characters_not_bytes() -> None:
    content = "Größe zählt. 日本の水やりは朝です。Tomaten brauchen Sonne."
    found = best_sentence(content, "Tomaten brauchen Sonne")
    assert found
    assert content[found.start : found.end] == "Tomaten brauchen Sonne."
