"""One function from an object to its curated document, the same for a function, a Distributed Map and a Spark job.

What it returns depends on its arguments alone: no clock, no network, no order of documents. So the three paths give the
same bytes, and doing it again changes nothing.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from slipway_runtime.prepare.attributes.bounds import Attribute
from slipway_runtime.prepare.document import Heading, PreparedDocument
from slipway_runtime.prepare.isolate import Limits
from slipway_runtime.prepare.keys import parse_key
from slipway_runtime.prepare.prepare import RULES_VERSION, prepare
from slipway_runtime.prepare.recognised import Recognised
from slipway_runtime.prepare.rejected import Scan
from slipway_runtime.prepare.rules.base import RuleSet


class CuratedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document as the curated bucket holds it.

    `sha256` is of the object's bytes, `rules` names code and rule set; `pages` are (offset, page number), `headings`
    (offset, level, title), `language` is ISO 639-1 or "" where it is not sure; `attributes` are what its chunks can be
    filtered by, at most 1,024 bytes as JSON.
    Units: offsets are characters (code points) into `text`.
    """

    document_id: str
    tenant: str
    path: str
    source_version: str
    sha256: str
    rules: str
    title: str
    media_type: str
    language: str
    text: str
    pages: list[tuple[int, int]]
    headings: list[tuple[int, int, str]]
    counts: dict[str, int]
    description: str = ""
    attributes: dict[str, Attribute] = {}

    def line(self) -> bytes:
        """Return the document as one line of canonical JSON: sorted keys, UTF-8, a line feed at the end."""
        return msgspec.json.encode(self, order="sorted") + b"\n"

    def prepared(self) -> PreparedDocument:
        """Return the document as chunking takes it."""
        return PreparedDocument(
            text=self.text,
            title=self.title,
            media_type=self.media_type,
            pages=list(self.pages),
            headings=[Heading(offset=offset, level=level, title=title) for offset, level, title in self.headings],
            counts=self.counts,
            language=self.language,
            description=self.description,
            attributes=self.attributes,
        )


@dataclass(frozen=True, kw_only=True)
class RawObject:
    """An object of the raw bucket as it was read."""

    key: str
    version_id: str
    data: bytes


def curate(
    raw: RawObject, rules: RuleSet, limits: Limits | None = None, ocr: Recognised | None = None
) -> CuratedDocument:
    """Return the curated document of an object under the rules of its source.

    `ocr`: the text that was recognised in a scan.
    Raises: Rejected with a code and a reason that names the remedy and never quotes the document; Scan is one whose
    text has to be recognised first.
    """
    key = parse_key(raw.key)
    document = prepare(raw.data, key.path, limits, rules, ocr)
    return CuratedDocument(
        document_id=key.document_id,
        tenant=key.tenant,
        path=key.path,
        source_version=raw.version_id,
        sha256=hashlib.sha256(raw.data).hexdigest(),
        rules=rules_version(rules),
        title=document.title,
        media_type=document.media_type,
        language=document.language,
        description=document.description,
        attributes=document.attributes,
        text=document.text,
        pages=document.pages,
        headings=[(heading.offset, heading.level, heading.title) for heading in document.headings],
        counts=document.counts,
    )


def curate_any(
    raw: RawObject,
    rules: RuleSet,
    limits: Limits | None = None,
    recognised: Callable[[Scan], Recognised] | None = None,
) -> CuratedDocument:
    """Return the curated document, of a scan with the text that `recognised` gives; None: scans are rejected.

    Raises: as `curate` and `recognised`.
    """
    try:
        return curate(raw, rules, limits)
    except Scan as scan:
        if recognised is None:
            raise
        return curate(raw, rules, limits, recognised(scan))


def rules_version(rules: RuleSet) -> str:
    """Return what decides the text of a document besides its bytes: the code's version and the rule set's."""
    return f"prepare-{RULES_VERSION}/rules-{rules.version}"


def read_line(line: bytes) -> CuratedDocument:
    """Return the curated document of a line. Raises: msgspec.DecodeError if it is none."""
    return msgspec.json.decode(line, type=CuratedDocument)
