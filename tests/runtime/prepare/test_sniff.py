"""Which kind a document is where its first bytes, its name and its text do not say the same."""

import pytest

from slipway_runtime.prepare.prepare import prepare


@pytest.mark.capability("D1")
@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.md", "Every PDF file begins with the bytes `%PDF-1.7`, and our upload form checks that."),
        ("a.txt", "%PDF-1.7 is how a PDF begins."),
        ("README", "%PDF-1.7 is how a PDF begins."),
        ("a.txt", "GIF89a is a format, says this text."),
        ("a.md", "Rar! is a sound."),
        ("notes", "PAR1 is a bank."),
        ("a.txt", "SQLite format 3 is what a database begins with."),
        ("README", "[draft] Meeting notes of the pump team"),
        ("notes", "{note} this text begins with a brace"),
    ],
)
def test_the_letters_of_a_format_alone_do_not_make_a_text_another_kind(path: str, text: str) -> None:
    document = prepare(text.encode(), path)
    assert document.media_type == ("text/markdown" if path.endswith(".md") else "text/plain")
    assert document.text == text


@pytest.mark.parametrize(
    ("data", "media_type", "text"),
    [
        (b'{"a": 1}', "application/json", "a: 1"),
        (b'{"a": 1}\n{"a": 2}\n', "application/x-ndjson", "Record 1\na: 1\n\nRecord 2\na: 2"),
        (b'{"a": 1}\nand more\n', "text/plain", '{"a": 1}\nand more'),
        (b"[" * 50_000, "text/plain", "[" * 50_000),
    ],
)
def test_what_has_no_extension_is_json_if_it_can_be_read_as_that(data: bytes, media_type: str, text: str) -> None:
    document = prepare(data, "export")
    assert (document.media_type, document.text) == (media_type, text)


def test_a_real_pdf_is_one_whatever_its_name(make_pdf) -> None:
    for name in ("a.txt", "a.md", "scan"):
        assert prepare(make_pdf([["Some text to keep."]]), name).media_type == "application/pdf"


@pytest.mark.parametrize(
    "page",
    [
        b"<b>bold</b> and <i>it</i><script>alert(1)</script>",
        b'<script>var token="abc"; alert(1)</script><a href="y">link</a><pre>text of it</pre> it',
        b"<SCRIPT\ntype=module>alert(1)</SCRIPT><li>it",
    ],
)
def test_a_page_without_paragraphs_is_a_page_and_its_script_is_no_text(page: bytes) -> None:
    document = prepare(page, "a.html")
    assert document.media_type == "text/html"
    assert "it" in document.text
    assert "alert" not in document.text
