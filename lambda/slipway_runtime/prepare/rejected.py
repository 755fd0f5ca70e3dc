"""The one way in which a document is refused."""

from typing import Literal

Code = Literal[
    "archived",
    "bad_encoding",
    "broken_csv",
    "broken_docx",
    "broken_html",
    "broken_json",
    "broken_pdf",
    "broken_text",
    "empty",
    "encrypted_docx",
    "encrypted_pdf",
    "invalid_key",
    "language_not_allowed",
    "low_quality",
    "names_not_redactable",
    "no_text_layer",
    "no_text_recognised",
    "not_recognised",
    "ocr_failed",
    "too_large",
    "too_many_chunks",
    "too_slow",
    "unsupported_type",
    "zip_bomb",
]


REMEDY = (
    "set `ingestion.ocr: textract` in the environment file and ingest it again, or run text recognition (OCR) over it "
    "first"
)


class Rejected(Exception):  # noqa: N818 - a verdict on a document, not a fault
    """A document that cannot be read: a stable `code` for programs, and for people a reason that names the remedy.

    Trying again does not help, so the message is consumed and the object stays where it is. The reason never quotes the
    document.
    """

    def __init__(self, code: Code, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code: Code = code
        self.reason = reason


class TooSlow(Rejected):
    """A document that took more time than one may: `spent` says what took how much, `rule` which one was at work."""

    def __init__(self, spent: str, rule: str = "") -> None:
        named = f"{rule}: {spent}" if rule else spent
        super().__init__("too_slow", f"{named}; split the document into parts")
        self.spent = spent


class Scan(Rejected):
    """A document whose text can only be recognised (OCR): its media type, and how many pages there are to read."""

    def __init__(self, code: Code, reason: str, *, media_type: str, pages: int) -> None:
        super().__init__(code, f"{reason}; {REMEDY}")
        self.what = reason
        self.media_type = media_type
        self.pages = pages


def gave_up(error: BaseException) -> str:
    """Return the reason of a document on which a reader failed in a way that nobody foresaw."""
    return f"the parser gave up ({type(error).__name__}); open the document, save it as a new file, upload it again"
