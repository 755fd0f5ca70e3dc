"""One reader for each kind of document; what they give is cleaned here, so that whoever limits a reader limits both."""

from collections.abc import Callable
from dataclasses import replace

from slipway_runtime.prepare.budget import TextBudget
from slipway_runtime.prepare.clean import clean
from slipway_runtime.prepare.document import Extracted, Section
from slipway_runtime.prepare.sniff import DOCX, PDF, MediaType


def read(media_type: MediaType, data: bytes, budget: TextBudget) -> Extracted:
    """Return the clean text of a document; `data` is UTF-8 where the kind is one of text.

    Raises: Rejected, as the reader of the kind does.
    """
    found = _read(media_type, data, budget)
    sections = [replace(section, text=clean(section.text)) for section in found.sections]
    return replace(found, sections=sections, title=clean(found.title), description=clean(found.description))


def _read(media_type: MediaType, data: bytes, budget: TextBudget) -> Extracted:
    if media_type == PDF:
        from slipway_runtime.prepare.formats.pdf import read_pdf  # noqa: PLC0415

        return read_pdf(data, budget)
    if media_type == DOCX:
        from slipway_runtime.prepare.formats.docx import read_docx  # noqa: PLC0415

        return read_docx(data, budget)
    return _text_reader(media_type)(data.decode(), budget)


def _text_reader(media_type: MediaType) -> Callable[[str, TextBudget], Extracted]:
    """Return the reader of a kind of text; each import is paid only by the documents that need it."""
    match media_type:
        case "text/html":
            from slipway_runtime.prepare.formats.html import read_html  # noqa: PLC0415

            return read_html
        case "text/markdown":
            from slipway_runtime.prepare.formats.markdown import read_markdown  # noqa: PLC0415

            return read_markdown
        case "application/json" | "application/x-ndjson":
            from slipway_runtime.prepare.formats.records import read_json, read_json_lines  # noqa: PLC0415

            return read_json if media_type == "application/json" else read_json_lines
        case "text/csv":
            from slipway_runtime.prepare.formats.tabular import read_csv  # noqa: PLC0415

            return read_csv
    return lambda text, budget: Extracted(sections=[Section(text=budget.take(text))])
