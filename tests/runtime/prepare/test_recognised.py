"""Scans: which documents ask for recognition, and what is made of the text that was recognised."""

import pytest

from slipway_runtime.prepare.curate import RawObject, curate, curate_any
from slipway_runtime.prepare.recognised import Recognised, RecognisedPage, decode
from slipway_runtime.prepare.rejected import Rejected, Scan
from slipway_runtime.prepare.rules.base import RuleSet
from slipway_runtime.prepare.tiff import MAX_PAGES, count_pages
from support.scans import jpeg, png, scan, tiff

pytestmark = pytest.mark.capability("D1")


def recognised(*pages: list[str], uncertain: int = 0) -> Recognised:
    found = [RecognisedPage(number=at, lines=lines) for at, lines in enumerate(pages, 1)]
    found[0] = RecognisedPage(number=1, lines=pages[0], uncertain_lines=uncertain)
    return Recognised(sha256="0" * 64, engine="textract-1.0", media_type="application/pdf", pages=found)


def raw(data: bytes, name: str = "a.pdf") -> RawObject:
    return RawObject(key=f"acme/{name}", version_id="v1", data=data)


@pytest.mark.parametrize(
    ("data", "name", "code", "media_type", "pages"),
    [
        (png("x"), "a.png", "unsupported_type", "image/png", 1),
        (jpeg("x"), "a.jpg", "unsupported_type", "image/jpeg", 1),
        (tiff("x", "y", "z"), "a.tiff", "unsupported_type", "image/tiff", 3),
        (scan("x"), "a.pdf", "no_text_layer", "application/pdf", 1),
        (scan("x", "y"), "a.pdf", "no_text_layer", "application/pdf", 2),
    ],
)
def test_a_scan_is_known_with_its_pages_and_its_reason_names_the_setting(
    data: bytes, name: str, code: str, media_type: str, pages: int
) -> None:
    with pytest.raises(Scan) as raised:
        curate(raw(data, name), RuleSet())

    assert (raised.value.code, raised.value.media_type, raised.value.pages) == (code, media_type, pages)
    assert "ingestion.ocr: textract" in raised.value.reason
    assert raised.value.reason.count("ingestion.ocr") == 1


def test_pages_and_lines_become_text_with_page_numbers_and_counts() -> None:
    text = recognised(["The pump is main-", "tained yearly."], [], ["Third page."], uncertain=1)

    document = curate_any(raw(scan("a", "b", "c")), RuleSet(), recognised=lambda _: text)

    assert document.text == "The pump is maintained yearly.\n\nThird page."
    assert [page for _, page in document.pages] == [1, 3]
    assert document.text[document.pages[1][0] :] == "Third page."
    assert document.counts == {"ocr.lines": 3, "ocr.pages": 3, "ocr.uncertain_lines": 1}
    assert document.media_type == "application/pdf"


def test_a_document_with_text_is_never_recognised() -> None:
    def never(scan: Scan) -> Recognised:
        raise AssertionError("asked for")

    assert curate_any(raw(b"words", "a.txt"), RuleSet(), recognised=never).text == "words"


def test_a_scan_without_any_text_is_rejected() -> None:
    with pytest.raises(Rejected) as raised:
        curate(raw(scan("")), RuleSet(), ocr=recognised([], ["  "]))
    assert raised.value.code == "no_text_recognised"


def test_the_stored_text_comes_back_as_it_was_and_is_canonical() -> None:
    text = recognised(["Ünïcode “line”"], ["second"])

    assert decode(text.encode()) == text
    assert text.encode() == decode(text.encode()).encode()
    assert text.encode().startswith(b'{"engine":"textract-1.0","failed_pages":[]')


@pytest.mark.parametrize(
    ("data", "pages"),
    [(b"II*\x00", 1), (tiff("a")[:20], 1), (b"II*\x00\x08\x00\x00\x00\x00\x00\x08\x00\x00\x00", 1)],
)
def test_broken_and_circular_directories_end(data: bytes, pages: int) -> None:
    assert count_pages(data) == pages


def test_no_more_directories_are_followed_than_are_ever_read() -> None:
    assert count_pages(tiff(*["x"] * (MAX_PAGES + 50))) == MAX_PAGES + 1
