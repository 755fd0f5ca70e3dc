"""No text, however made, takes more than a moment to tell apart or to read: patterns must not backtrack for ever."""

import time

import pytest

from slipway_runtime.prepare.clean import clean
from slipway_runtime.prepare.prepare import prepare
from slipway_runtime.prepare.rejected import Rejected
from slipway_runtime.prepare.sniff import sniff_text

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


@pytest.mark.parametrize("path", ["a.md", "a.html", "a.csv", "a.json", "a.txt"])
@pytest.mark.parametrize(
    "unit",
    (
        *(
            "<!--",
            "<!-- a -->\n",
            "---\n",
            "title:",
            "# ",
            "a\n=",
            "a\n-",
            " \t",
            "- ",
            "``` ",
            "<meta ",
            "<p ",
            "<br>",
        ),
        *("Ã", "Ã©", "\n ", "\r", "|", "1.", "\u00ad\n", "a.\u201d ", "display:", "style="),
    ),
)
def test_a_repeated_unit_is_read_in_bounded_time(path: str, unit: str) -> None:
    began = time.process_time()
    text = unit * (60_000 // len(unit))
    clean(text)
    for whole in (text + "x", "x" + text, "---\n" + text + "x", "<p>" + text):
        try:
            prepare(whole.encode(), path)
        except Rejected as rejected:
            assert rejected.reason
    assert time.process_time() - began < SECONDS
