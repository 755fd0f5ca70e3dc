"""The text that was recognised in a scan, as it is stored once for each version of a document.

It is what the service read, line by line and page by page: cleaning, rules and joining come later and may change, and
nobody pays for the recognition again. The document path, a Distributed Map and Spark read the same object.
"""

import re
from collections.abc import Iterator

import msgspec

from slipway_runtime.prepare.budget import TextBudget
from slipway_runtime.prepare.clean import clean
from slipway_runtime.prepare.document import Extracted, Section
from slipway_runtime.prepare.formats.furniture import drop_page_furniture
from slipway_runtime.prepare.rejected import Code, Rejected

FOLDER = "ocr"
# A line of which the service is less sure than this is counted. Units: percent.
SURE_PERCENT = 80.0
LINE_HYPHEN = re.compile(r"(?<=[a-z])-\n(?=[a-z])")


class RecognisedPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page by its number from 1, its lines in the order in which the service reads it, and how many are unsure."""

    number: int
    lines: list[str]
    uncertain_lines: int = 0


class Recognised(msgspec.Struct, frozen=True, kw_only=True):
    """What an `engine` read in the bytes with this `sha256`; `failed_pages` are those that it could not read."""

    sha256: str
    engine: str
    media_type: str
    pages: list[RecognisedPage]
    failed_pages: list[int] = []

    def encode(self) -> bytes:
        """Return canonical JSON: sorted keys, UTF-8."""
        return msgspec.json.encode(self, order="sorted")

    def counts(self) -> dict[str, int]:
        """Return pages, lines and what is doubtful about them; what is zero is left out."""
        found = {
            "ocr.pages": len(self.pages),
            "ocr.failed_pages": len(self.failed_pages),
            "ocr.lines": sum(len(page.lines) for page in self.pages),
            "ocr.uncertain_lines": sum(page.uncertain_lines for page in self.pages),
        }
        return {name: number for name, number in found.items() if number}

    def extracted(self, budget: TextBudget) -> Extracted:
        """Return the clean text, one section for each page that has some. Raises: Rejected("no_text_recognised")."""
        texts, repeated = drop_page_furniture(["\n".join(map(budget.take, page.lines)) for page in self.pages])
        sections = list(self._sections(texts))
        if not sections:
            raise Rejected(
                "no_text_recognised",
                f"no text was recognised on the {len(self.pages)} pages; scan the document again at 150 dpi or more, "
                "upright and with contrast, if it holds text",
            )
        return Extracted(sections=sections, counts={"pages.repeated_lines": repeated} if repeated else {})

    def _sections(self, texts: list[str]) -> Iterator[Section]:
        for page, text in zip(self.pages, texts, strict=True):
            if (cleaned := clean(LINE_HYPHEN.sub("", text))).strip():
                yield Section(text=cleaned, page=page.number)


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why no text comes of a scan, as it is stored in the place of one: a run over a corpus says the same."""

    code: Code
    reason: str

    def encode(self) -> bytes:
        """Return canonical JSON: sorted keys, UTF-8."""
        return msgspec.json.encode(self, order="sorted")

    def rejected(self) -> Rejected:
        """Return the rejection."""
        return Rejected(self.code, self.reason)


def decode_refusal(data: bytes) -> Refusal:
    """Return the stored refusal. Raises: msgspec.DecodeError if it is none."""
    return msgspec.json.decode(data, type=Refusal)


def decode(data: bytes) -> Recognised:
    """Return the stored text. Raises: msgspec.DecodeError if it is none."""
    return msgspec.json.decode(data, type=Recognised)


def folder_of(tenant: str, document_id: str) -> str:
    """Return where in the curated bucket a document's recognised texts lie; they go with the document."""
    return f"{FOLDER}/{tenant}/{document_id}/"


def text_key(tenant: str, document_id: str, sha256: str) -> str:
    """Return where the text recognised in these bytes of a document is."""
    return f"{folder_of(tenant, document_id)}{sha256}.json"


def refusal_key(tenant: str, document_id: str, sha256: str) -> str:
    """Return where it is said that no text comes of these bytes of a document, and why."""
    return f"{folder_of(tenant, document_id)}{sha256}.refused"
