"""No text, however made, takes more than a moment to tell apart or to read: patterns must not backtrack for ever."""

import time
import unicodedata
from typing import get_args

import pytest

from slipway_runtime.generate.prompt import user_message
from slipway_runtime.prepare.budget import TextBudget
from slipway_runtime.prepare.clean import clean
from slipway_runtime.prepare.document import PreparedDocument
from slipway_runtime.prepare.formats.reader import read
from slipway_runtime.prepare.prepare import headings
from slipway_runtime.prepare.rejected import Rejected
from slipway_runtime.prepare.sniff import MediaType, sniff_text
from slipway_runtime.retrieve.chunk import ChunkSettings, chunk

SECONDS = 5.0


def test_comments_before_the_first_tag_are_passed_over_in_linear_time() -> None:
    began = time.process_time()
    assert sniff_text("<!-- a -->\n" * 10_000 + "# T", "a.md") == "text/markdown"
    assert sniff_text("<!-- a -->\n" * 5_000 + "<html>", "a.md") == "text/html"
    assert time.process_time() - began < SECONDS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<!DOCTYPE  html>", "text/html"),
        ('\n <?xml version="1.0"?>\n<!-- x --> <html>', "text/html"),
        ("<!-- x --><BODY>", "text/html"),
        ("<!-- never closed <html>", "text/plain"),
        ("<?xml never closed", "text/plain"),
        ("<header>", "text/plain"),
        ("<!---->", "text/plain"),
    ],
)
def test_html_is_known_by_its_first_tag(text: str, expected: str) -> None:
    assert sniff_text(text, "a.txt") == expected


UNITS = (
    *("<!--", "<!-- a -->\n", "---\n", "title:", "# ", "# a\n", "a\n=", "a\n-", "a\n\n", " \t", "- ", "``` ", "1."),
    *("<meta ", "<p ", "<br>", "<li> <div> ", "<h1>a", "<td>", "&amp;", "display:", "style="),
    *("Ã", "Ã©", "Â", "\n ", "\r", "|", "\u00ad\n", 'a.\u201d "', "。", "\x00", "\u0301", "\u0323\u0301", "か\u3099"),
    *("[1,", '{"a":', '"', ",", "a;b\n"),
)


@pytest.mark.parametrize("media_type", get_args(MediaType)[2:])
@pytest.mark.parametrize("unit", UNITS)
def test_a_repeated_unit_is_read_and_cut_in_bounded_time(media_type: MediaType, unit: str) -> None:
    """Ten times slower than measured would still pass; the square of the length would take minutes."""
    began = time.process_time()
    text = unit * (100_000 // len(unit))
    for whole in (text + "©x", "x" + text, "---\n" + text + "x", "<p>" + text):
        try:
            found = read(media_type, whole.encode(), TextBudget(20_000_000)).sections[0].text
            document = PreparedDocument(text=found, title="", media_type=media_type, headings=headings(found))
            chunk(document, ChunkSettings(max_characters=1200, overlap_characters=150))
        except Rejected as rejected:
            assert rejected.reason
    assert time.process_time() - began < SECONDS


@pytest.mark.parametrize("blank", [" ", "/", " /"])
def test_a_question_of_blanks_behind_a_bracket_is_made_data_in_bounded_time(blank: str) -> None:
    began = time.process_time()
    assert user_message([], "<" + blank * 200_000).count(blank) >= 200_000
    assert time.process_time() - began < SECONDS


@pytest.mark.capability("D2")
def test_a_stack_of_marks_keeps_thirty_and_every_real_one() -> None:
    began = time.process_time()
    stack = clean("a" + "\u0323\u0301" * 100_000 + "b")
    assert time.process_time() - began < SECONDS
    assert stack[0] == "ạ"  # the first mark is composed with its letter
    assert len(unicodedata.normalize("NFD", stack)) == 1 + 30 + 1
    assert clean(stack) == stack
    assert clean("Z\u0300\u0323\u0301 x") == unicodedata.normalize("NFC", "Z\u0300\u0323\u0301 x")
