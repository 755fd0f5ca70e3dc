"""DOCX, by mammoth (to HTML, then read as HTML). Runs in the child process only."""

import io
import zipfile
from dataclasses import replace

from slipway_runtime.prepare.budget import TextBudget
from slipway_runtime.prepare.document import Extracted
from slipway_runtime.prepare.formats.docx_core import read_core
from slipway_runtime.prepare.formats.docx_parts import ignored, main_part, readable
from slipway_runtime.prepare.formats.html import read_html
from slipway_runtime.prepare.rejected import Rejected

MAX_ENTRIES = 5_000
MAX_UNPACKED_BYTES = 200 * 1024**2
# Text in OOXML deflates to about a tenth; a bomb to a thousandth. Small archives may compress well without harm.
MAX_RATIO = 100
HARMLESS_BYTES = 10 * 1024**2


def read_docx(data: bytes, budget: TextBudget) -> Extracted:
    """Return the document's text with headings, lists and tables.

    Raises: Rejected("zip_bomb"), Rejected("broken_docx"), or Rejected("unsupported_type") for another kind of archive.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check(archive, len(data))
            attributes = read_core(archive)
            data, counts = readable(data, archive, main_part(archive))
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise Rejected("broken_docx", "the archive is damaged; open the document and save it again") from error
    import mammoth  # noqa: PLC0415 - only after the checks

    result = mammoth.convert_to_html(io.BytesIO(data), convert_image=mammoth.images.img_element(lambda _image: {}))
    found = read_html(f"<html><body>{result.value}</body></html>", budget)
    counts |= found.counts | ignored([message.message for message in result.messages])
    return replace(found, counts=counts, description=str(attributes.pop("description", "")), attributes=attributes)


def _check(archive: zipfile.ZipFile, packed_bytes: int) -> None:
    entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    too_dense = unpacked > HARMLESS_BYTES and unpacked > MAX_RATIO * packed_bytes
    if len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED_BYTES or too_dense:
        found = f"the archive declares {len(entries)} files and {unpacked} bytes unpacked"
        raise Rejected("zip_bomb", f"{found}; save it again without attachments")
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise Rejected("encrypted_docx", "the archive is encrypted; remove the protection and save it again")
    if any(_declares_entities(archive, entry) for entry in entries if entry.filename.endswith((".xml", ".rels"))):
        raise Rejected(
            "broken_docx", "the document declares a DTD, which OOXML forbids; save it again with a word processor"
        )


def _declares_entities(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bool:
    """Look for a document type where XML allows it: before the root element."""
    with archive.open(entry) as part:
        head = part.read(64 * 1024)
    return b"<!DOCTYPE" in head or b"<!ENTITY" in head or "<!DOCTYPE".encode("utf-16-le") in head
