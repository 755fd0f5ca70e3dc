"""Bytes of an object to a prepared document: dispatch, read, clean, map."""

import re
from collections import Counter
from collections.abc import Callable

from slipway_runtime.prepare.budget import TextBudget
from slipway_runtime.prepare.clean import clean
from slipway_runtime.prepare.decode import decode
from slipway_runtime.prepare.document import Extracted, Heading, PreparedDocument, Section
from slipway_runtime.prepare.isolate import Limits, read_isolated
from slipway_runtime.prepare.rejected import Rejected
from slipway_runtime.prepare.rules.base import Counts, RuleSet
from slipway_runtime.prepare.rules.language import identify
from slipway_runtime.prepare.sniff import DOCX, PDF, MediaType, sniff_binary, sniff_text

# Part of every chunk's lineage: raise it when a change here would give other text for the same bytes.
RULES_VERSION = "2"
HEADING = re.compile(r"(#{1,6})[ \t]")
FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
MAX_TITLE_CHARACTERS = 200
# Parsing HTML costs the square of its nesting, 1 s at 20,000 open elements: beyond that the child's limits hold.
ISOLATE_ABOVE_TAGS = 20_000


def prepare(data: bytes, path: str, limits: Limits | None = None, rules: RuleSet | None = None) -> PreparedDocument:
    """Return the clean text of a document with its maps of pages and headings, after the rules of its source.

    Raises: Rejected with a code and a reason if the document cannot be read, holds no text, or is refused by a rule.
    """
    if not data.strip():
        raise Rejected("empty", "the object holds no bytes but white space; upload the document again")
    limits, rules = limits or Limits(), (rules or RuleSet()).fresh()
    counts: Counts = Counter()
    media_type, extracted = _extract(data, path, limits)
    text, pages = _join(extracted.sections, rules, counts)
    if not text.strip():
        raise Rejected(
            "empty", "no text is left when markup and invisible characters are removed; check the document's content"
        )
    found = headings(text) if extracted.structured else []
    title = rules.rewrite_title(clean(extracted.title), counts) or (found[0].title if found else "")
    document = PreparedDocument(
        text=text,
        title=(title or rules.rewrite_title(path.rsplit("/", 1)[-1], counts))[:MAX_TITLE_CHARACTERS],
        media_type=media_type,
        pages=pages,
        headings=found,
        counts=dict(sorted(counts.items())),
        language=identify(text),
    )
    rules.check(document)
    return document


def _extract(data: bytes, path: str, limits: Limits) -> tuple[MediaType, Extracted]:
    binary = sniff_binary(data, path)
    if binary in (PDF, DOCX):
        return binary, read_isolated("pdf" if binary == PDF else "docx", data, limits)
    text = decode(data)
    media_type = sniff_text(text, path)
    if media_type == "text/html" and text.count("<") > ISOLATE_ABOVE_TAGS:
        return media_type, read_isolated("html", text.encode("utf-8", "replace"), limits)
    return media_type, _text_reader(media_type)(text, TextBudget(limits.text_characters))


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


def _join(sections: list[Section], rules: RuleSet, counts: Counts) -> tuple[str, list[tuple[int, int]]]:
    """Clean and rewrite each section before joining, so that the page map is made of offsets into the final text."""
    parts: list[str] = []
    pages: list[tuple[int, int]] = []
    length = 0
    for section in sections:
        text = rules.rewrite(clean(section.text), counts)
        if not text.strip():
            continue
        if section.page is not None:
            pages.append((length, section.page))
        parts.append(text)
        length += len(text) + 2
    return "\n\n".join(parts), pages


def headings(text: str) -> list[Heading]:
    """Return the '#' headings of a Markdown-flavoured text, those inside code fences left out."""
    found: list[Heading] = []
    offset, fence = 0, ""
    for line in text.split("\n"):
        if marker := FENCE.match(line):
            ticks = marker.group(1)
            if not fence:
                fence = ticks
            elif ticks.startswith(fence):
                fence = ""
        elif not fence and line.startswith("#") and (match := HEADING.match(line)):
            title = line[match.end() :].strip(" \t").rstrip("#").rstrip(" \t")
            if title:
                found.append(Heading(offset=offset, level=len(match.group(1)), title=title[:MAX_TITLE_CHARACTERS]))
        offset += len(line) + 1
    return found
