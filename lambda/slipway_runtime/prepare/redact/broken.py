"""Numbers that a line's end or the wall of a table's cell breaks in two: only forms that a checksum or marks prove.

A column of numbers is full of digits with breaks between them, so a card broken more than once, or outside its groups,
must stand alone: with no further number before or after it.
"""

import re

from slipway_runtime.prepare.redact import checks
from slipway_runtime.prepare.redact.span import Kind, Span

LEFT = r"(?<![0-9A-Za-z_])(?<![0-9][.\-])"
RIGHT = r"(?![0-9A-Za-z_]|[.\-][0-9])"
LINE_END = r" {0,3}\n {0,3}"
BREAK = r" {0,3}[\n|] {0,5}"
# "<br>" as it stands in Markdown, made a line's end of the same length, so that offsets hold.
TAG = re.compile(r"<br {0,2}/?>", re.IGNORECASE)
SEPARATOR = rf"(?:[ .\-]?{BREAK}|[ .\-])"
GROUPED_CARD = "|".join(
    SEPARATOR.join(groups)
    for groups in (
        ("[2-6][0-9]{3}", "[0-9]{4}", "[0-9]{4}", "[0-9]{4}"),
        ("3[47][0-9]{2}", "[0-9]{6}", "[0-9]{5}"),
        ("3[0689][0-9]{2}", "[0-9]{6}", "[0-9]{4}"),
    )
)
CARD = re.compile(rf"{LEFT}(?:{GROUPED_CARD}|[1-6][0-9]{{3,15}}{LINE_END}[0-9]{{3,15}}){RIGHT}")
BROKEN = re.compile(r"[\n|]")
MORE_BEFORE = re.compile(rf"[0-9][ .\-]?{BREAK}\Z")
MORE_AFTER = re.compile(rf"[ .\-]?{BREAK}[0-9]")
BREAK_REACH = 10
SSN = re.compile(
    rf"{LEFT}(?!000|666|9)[0-9]{{3}}-(?:{LINE_END}(?!00)[0-9]{{2}}-|(?!00)[0-9]{{2}}-{LINE_END})(?!0000)[0-9]{{4}}{RIGHT}"
)
AREA, EXCHANGE = r"[2-9][0-9]{2}", r"[2-9][0-9]{2}"
# North American: its marks stand, the break is beside one of them.
AMERICAN = "|".join(
    (
        rf"\({AREA}\)(?:{LINE_END}{EXCHANGE}[.\-]| ?{EXCHANGE}-{LINE_END})[0-9]{{4}}",
        rf"{AREA}-(?:{LINE_END}{EXCHANGE}-|{EXCHANGE}-{LINE_END})[0-9]{{4}}",
    )
)
# International, where what is before the break is too short to be a number of its own, or is American.
INTERNATIONAL = "|".join(
    (
        rf"[1-9](?:[ .()/\-]{{0,2}}[0-9]){{1,5}}[.)/\-]?{LINE_END}\(?[0-9](?:[ .()/\-]{{0,2}}[0-9]){{3,9}}(?![0-9])",
        rf"1[ .\-]?\(?{AREA}\)?[ .\-]?{EXCHANGE}[.\-]?{LINE_END}[0-9]{{4}}{RIGHT}",
    )
)
PHONE = re.compile(rf"(?<![0-9A-Za-z_+])(?:\+(?:{INTERNATIONAL})|(?<![0-9][.\-])(?:{AMERICAN}){RIGHT})")


def without_tags(text: str) -> str:
    """Return the text with each `<br>` as a line's end and blanks of the same length."""
    if "<" not in text:
        return text
    return TAG.sub(lambda tag: "\n".ljust(len(tag.group())), text)


def find_broken(text: str, start: int, end: int, kinds: frozenset[Kind]) -> list[Span]:
    """Return the cards, social security and telephone numbers of text[start:end] that have a break inside."""
    found: list[Span] = []
    if "card" in kinds:
        found += [Span(*match.span(), "card") for match in CARD.finditer(text, start, end) if _is_card(text, match)]
    for kind, pattern in (("ssn", SSN), ("phone", PHONE)):
        if kind in kinds:
            found += [Span(*match.span(), kind) for match in pattern.finditer(text, start, end)]
    return found


def _is_card(text: str, match: re.Match[str]) -> bool:
    start, end = match.span()
    breaks = len(BROKEN.findall(match.group()))
    digits = "".join(filter(str.isdigit, match.group()))
    if not breaks or len(digits) not in checks.card_lengths(digits[:4]) or not checks.luhn(digits):
        return False
    is_grouped_line = breaks == 1 and "|" not in match.group() and len(re.findall(r"[0-9]+", match.group())) > 2
    return is_grouped_line or not (
        MORE_BEFORE.search(text, max(0, start - BREAK_REACH), start) or MORE_AFTER.match(text, end)
    )
