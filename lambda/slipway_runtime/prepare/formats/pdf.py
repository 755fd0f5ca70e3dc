"""PDF with a text layer, by PDFium. Runs in the child process only."""

import re
from collections import Counter

import pypdfium2 as pdfium

from slipway_runtime.prepare.attributes.bounds import Attribute, split_list
from slipway_runtime.prepare.attributes.dates import from_pdf
from slipway_runtime.prepare.budget import TextBudget
from slipway_runtime.prepare.document import Extracted, Section
from slipway_runtime.prepare.formats.furniture import drop_page_furniture
from slipway_runtime.prepare.rejected import Rejected, Scan

# PDFium marks a hyphen that only breaks a line by U+0002 or U+FFFE; a plain one before a lower-case letter is taken
# for one.
LINE_HYPHEN = re.compile(r"[\u0002\ufffe]\s*\n?|(?<=[a-z])-\n(?=[a-z])")
INNER_SPACE = re.compile(r"(?<=\S)[ \t]{2,}(?=\S)")
FPDF_ERR_PASSWORD = 4
FPDF_PAGEOBJ_IMAGE = 3
# Of so many pages being pictures, the document is a scan whatever text a stamp or a cover adds.
SCAN_SHARE = 0.75


def read_pdf(data: bytes, budget: TextBudget) -> Extracted:
    """Return one section per page that has text.

    Raises: Rejected("encrypted_pdf"), Rejected("broken_pdf") or Scan("no_text_layer").
    """
    document = _open(data)
    counts: Counter[str] = Counter()
    read = list(budget.each(_page_text(document, index, counts) for index in range(len(document))))
    pages, counts["pages.repeated_lines"] = drop_page_furniture(read)
    sections = [Section(text=text, page=number) for number, text in enumerate(pages, 1) if text.strip()]
    _refuse_scan(counts, len(sections), len(pages))
    attributes = _attributes(document)
    description = str(attributes.pop("description", ""))
    return Extracted(
        sections=sections,
        title=_title(document),
        description=description,
        attributes=attributes,
        counts={name: number for name, number in counts.items() if number},
    )


def _refuse_scan(counts: Counter[str], with_text: int, pages: int) -> None:
    """Raise Scan where no page has text, or next to none beside pages that are pictures, as a stamp on a scan is."""
    if not with_text:
        reason = f"none of the {pages} pages has a text layer, as in a scan"
    elif counts["pages.pictures"] >= SCAN_SHARE * pages:
        reason = f"{counts['pages.pictures']} of the {pages} pages are pictures without a text layer, as in a scan"
    else:
        return
    raise Scan("no_text_layer", reason, media_type="application/pdf", pages=pages)


def _open(data: bytes) -> pdfium.PdfDocument:
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if getattr(error, "err_code", None) == FPDF_ERR_PASSWORD:
            raise Rejected("encrypted_pdf", "the PDF asks for a password; save a copy without protection") from error
        raise Rejected("broken_pdf", "PDFium cannot open the file as PDF; export it again from its source") from error
    if len(document) == 0:
        raise Rejected("broken_pdf", "the PDF has no pages; export it again from its source")
    return document


def _page_text(document: pdfium.PdfDocument, index: int, counts: Counter[str]) -> str:
    try:
        page = document[index]
        text: str = page.get_textpage().get_text_bounded()
    except pdfium.PdfiumError:
        counts["pages.unreadable"] += 1
        return ""  # one unreadable page does not cost the others
    if not text.strip():
        is_picture = next(page.get_objects(filter=(FPDF_PAGEOBJ_IMAGE,)), None) is not None
        counts["pages.pictures" if is_picture else "pages.blank"] += 1
    text = LINE_HYPHEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return INNER_SPACE.sub(" ", text)


def _attributes(document: pdfium.PdfDocument) -> dict[str, Attribute]:
    """Return what the information dictionary says. Source: ISO 32000-1, 14.3.3."""
    said = {name: " ".join(str(value).split()) for name, value in document.get_metadata_dict().items()}
    found: dict[str, Attribute] = {
        "description": said.get("Subject", ""),
        "author": said.get("Author", ""),
        "tags": split_list(said.get("Keywords", "")),
        "date": from_pdf(said.get("CreationDate", "")),
        "modified": from_pdf(said.get("ModDate", "")),
    }
    return {key: value for key, value in found.items() if value}


def _title(document: pdfium.PdfDocument) -> str:
    title: str = document.get_metadata_value("Title")
    return title.strip()
