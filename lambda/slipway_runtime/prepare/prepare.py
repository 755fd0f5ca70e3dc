"""Bytes of an object to a prepared document: dispatch, read, clean, map."""

import re
from collections import Counter

from slipway_runtime.prepare.attributes.bounds import bounded, description
from slipway_runtime.prepare.budget import TextBudget
from slipway_runtime.prepare.decode import decode
from slipway_runtime.prepare.document import Extracted, Heading, PreparedDocument, Section
from slipway_runtime.prepare.formats.reader import read
from slipway_runtime.prepare.isolate import BROKEN, Limits, read_isolated
from slipway_runtime.prepare.recognised import Recognised
from slipway_runtime.prepare.rejected import Rejected, gave_up
from slipway_runtime.prepare.rules.base import Counts, RuleSet
from slipway_runtime.prepare.rules.language import identify
from slipway_runtime.prepare.rules.limit import REMEDY
from slipway_runtime.prepare.sniff import MediaType, guesses, names_text, sniff_binary
from slipway_runtime.prepare.streamed import counted, is_streamed, sift
from slipway_runtime.prepare.time_limit import cpu_limit

# Part of every chunk's lineage: raise it when a change here would give other text for the same bytes.
RULES_VERSION = "6"
LANGUAGE = re.compile(r"[a-z]{2}(?:[-_][a-z0-9-]{2,20})?")
HEADING = re.compile(r"(#{1,6})[ \t]")
FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
MAX_TITLE_CHARACTERS = 200
# A parser that costs the square of what it reads is stopped by the limits of a child; for this much text even that is
# less than a second.
IN_PROCESS_BYTES = 32 * 1024


def prepare(
    data: bytes,
    path: str,
    limits: Limits | None = None,
    rules: RuleSet | None = None,
    ocr: Recognised | None = None,
) -> PreparedDocument:
    """Return the clean text of a document with its maps of pages and headings, after the rules of its source.

    `ocr`: the text recognised in a scan, which is then taken for its text.
    Raises: Rejected with a code and a reason if the document cannot be read, holds no text, is refused by a rule, or
    takes too long.
    """
    if not data.strip():
        raise Rejected("empty", "the object holds no bytes but white space; upload the document again")
    limits, rules = limits or Limits(), (rules or RuleSet()).fresh()
    counts: Counts = Counter()
    media_type: str
    if ocr is None:
        if is_streamed(path):
            data, bad = sift(data)
            counts.update(counted(data, bad))
        media_type, extracted = _extract(data, path, limits)
    else:
        media_type, extracted = ocr.media_type, ocr.extracted(TextBudget(limits.text_characters))
        counts.update(ocr.counts())
    with cpu_limit(limits.rules_cpu_seconds):
        document = _rewritten(extracted, media_type, path.rsplit("/", 1)[-1], rules, counts)
        rules.check(document)
    return document


def _rewritten(extracted: Extracted, media_type: str, name: str, rules: RuleSet, counts: Counts) -> PreparedDocument:
    """Return the document as the text rules leave it, with what they did in `counts`."""
    text, pages = _join(extracted.sections, rules, counts)
    if not text.strip():
        if dropped := {name: count for name, count in sorted(counts.items()) if name.startswith("c4.")}:
            told = ", ".join(f"{name}: {count}" for name, count in dropped.items())
            raise Rejected("low_quality", f"c4: no line is left of the text ({told}); {REMEDY}")
        raise Rejected(
            "empty", "no text is left when markup and invisible characters are removed; check the document's content"
        )
    found = headings(text) if extracted.structured else []
    title = rules.rewrite_title(extracted.title, counts) or (found[0].title if found else "")
    language = identify(text) or _stated(extracted)
    attributes, left_out = bounded(
        {key: value for key, value in extracted.attributes.items() if key != "language"},
        {"media_type": media_type, **({"language": language} if language else {})},
        lambda value: rules.rewrite_title(value, counts),
    )
    described = description(rules.rewrite_title(extracted.description, counts))
    counts.update(left_out)
    counts.update(extracted.counts)
    return PreparedDocument(
        text=text,
        title=(title or rules.rewrite_title(name, counts))[:MAX_TITLE_CHARACTERS],
        media_type=media_type,
        pages=pages,
        headings=found,
        counts=dict(sorted(counts.items())),
        language=language,
        description=described,
        attributes=attributes,
    )


def _stated(extracted: Extracted) -> str:
    """Return the language that the document says it has, as ISO 639-1, where the text itself is too short to tell."""
    stated = str(extracted.attributes.get("language", "")).lower()
    return stated[:2] if LANGUAGE.fullmatch(stated) else ""


def _extract(data: bytes, path: str, limits: Limits) -> tuple[MediaType, Extracted]:
    # What a stream made is lines of JSON, whatever words they hold.
    media_type = None if is_streamed(path) else sniff_binary(data, path)
    if media_type is not None:
        return media_type, read_isolated(media_type, data, limits)
    try:
        text = decode(data, is_named_as_text=names_text(path))
        kinds, data = guesses(text, path), text.encode("utf-8", "replace")
    except Rejected:
        raise
    except Exception as error:  # as in the child: what fails once fails again, so it is a verdict
        raise Rejected("broken_text", gave_up(error)) from error
    for media_type in kinds[:-1]:
        try:
            return media_type, _read_text(media_type, data, limits)
        except Rejected as rejected:
            if rejected.code != "broken_json":
                raise
    return kinds[-1], _read_text(kinds[-1], data, limits)


def _read_text(media_type: MediaType, data: bytes, limits: Limits) -> Extracted:
    if len(data) > IN_PROCESS_BYTES:
        return read_isolated(media_type, data, limits)
    try:
        return read(media_type, data, TextBudget(limits.text_characters))
    except Rejected:
        raise
    except Exception as error:  # as in the child
        raise Rejected(BROKEN.get(media_type, "broken_text"), gave_up(error)) from error


def _join(sections: list[Section], rules: RuleSet, counts: Counts) -> tuple[str, list[tuple[int, int]]]:
    """Rewrite the sections, which are clean, and join them, so that the page map fits the final text."""
    parts: list[str] = []
    pages: list[tuple[int, int]] = []
    length = 0
    for section in sections:
        text = rules.rewrite(section.text, counts)
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
        if ("```" in line or "~~~" in line) and (marker := FENCE.match(line)):
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
