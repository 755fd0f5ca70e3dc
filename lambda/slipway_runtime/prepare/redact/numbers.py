"""What is made of digits: cards, accounts, social security numbers, addresses of machines, telephone numbers.

A text is searched once for runs of digits with what may stand between them; only inside such a window, and only if it
holds enough digits that nothing surer has claimed, do the patterns look. What a pattern may look at is bounded.
The search is over the text's outline, one byte for each character: there a window begins with one certain byte, which
C finds ten times as fast as a class of characters (measured: 0.6 for 5.6 ms/MB).
"""

import re
from collections.abc import Callable, Iterator

from slipway_runtime.prepare.redact import checks
from slipway_runtime.prepare.redact.broken import BREAK, find_broken
from slipway_runtime.prepare.redact.span import Kind, Span, resolve

# Kind, how many digits it has at least, and what finds it in text[start:end].
Finder = tuple[Kind, int, Callable[[str, int, int, list[Span]], None]]
OUTLINE = bytes.maketrans(
    bytes(range(128)),
    bytes(
        ord(
            "0"
            if c.isdigit()
            else "A"
            if c.isupper()
            else "a"
            if c.islower()
            else c
            if c in " .\n|"
            else "-"
            if c in "()/-"
            else "x"
        )
        for c in map(chr, range(128))
    ),
)
# With what a line's end or a cell's wall breaks; the windows of a line are inside these.
WINDOW = re.compile(rb"0[0A .\-\n|]{6,}")
LINE = re.compile(rb"0[0A .\-]{6,}")
LEFT = r"(?<![0-9A-Za-z_])"
RIGHT = r"(?![0-9A-Za-z_])"
# 24 characters hold 19 digits in groups of four. The look-ahead lets the next candidate begin inside this one.
CARD = re.compile(LEFT + r"(?<![0-9]\.)(?=([1-6][0-9]{3}[0-9 .\-]{8,20}))")
SEPARATORS = frozenset(" .-")
IBAN = re.compile(LEFT + r"(?=([A-Z]{2}[0-9]{2}(?:[ \-]?[A-Z0-9]){11,30}))")
BROKEN_IBAN = re.compile(LEFT + rf"(?=([A-Za-z]{{2}}[0-9]{{2}}(?:(?:{BREAK}|[ \-])?[A-Za-z0-9]){{11,30}}))")
BETWEEN = dict.fromkeys(map(ord, " -|\n"))
AS_REGISTERED = re.compile(r"[A-Z0-9 ]+")
# In small letters its beginning is no part of a window: how far before one that may be, and how far it goes behind.
SMALL_IBAN, SMALL_IBAN_REACH, MAX_IBAN = b"aa00", 13, 48
# Source: Social Security Administration, "Randomization FAQ" (numbers never assigned). Nine bare digits need a label.
SSN = re.compile(
    LEFT + r"(?<![0-9]-)(?!000|666|9)[0-9]{3}([\- ]?)(?!00)[0-9]{2}\1(?!0000)[0-9]{4}" + RIGHT + r"(?!-[0-9])"
)
SSN_LABEL = re.compile(r"(?<![\w\[])(?:SSN|[Ss]ocial [Ss]ecurity)[^0-9\n]{0,20}$")
OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
IP_V4 = re.compile(rf"(?<![0-9A-Za-z_.\-])(?:{OCTET}\.){{3}}{OCTET}(?![0-9A-Za-z_]|\.[0-9A-Za-z]|-[0-9])")
LONG_OCTET = re.compile(r"[0-9]{3}")
NOT_AN_IP = re.compile(r"(?i:version|release|section|chapter|clause|build|rev\.?|ver\.?|§)\s{0,2}$")
EXTRA = r"(?: ?(?:x|ext\.? ?)[0-9]{1,6})?"
# Each but the first begins where no letter or digit is before: that is asked once for all of them.
NATIONAL = "|".join(
    (
        r"(?<![0-9][.,])00[1-9][0-9]{0,2}[ /\-](?:[ .()/\-]{0,2}[0-9]){6,12}(?![0-9])" + EXTRA,
        # North American: area code and exchange begin with 2 to 9. Source: NANPA, "About the NANP".
        r"(?:1[ .\-])?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[ .\-])[2-9][0-9]{2}[ .\-][0-9]{4}"
        + EXTRA + RIGHT + r"(?![.\-][0-9])",
        # National with trunk prefix 0: an area code of three digits or more, or five pairs.
        r"(?<![0-9][.,\-/])(?:\(00?[1-9][0-9]{1,4}\)[ /\-]{0,3}|0[1-9][0-9]{1,4}[ /\-]{1,3})"
        r"(?:[ \-]?[0-9]){5,9}" + RIGHT
        + r"(?![.,\-/][0-9])",
        r"(?<![0-9][.,])0[1-9](?:[ .][0-9]{2}){4}" + RIGHT + r"(?![.,][0-9])",
        # One-digit areas, as Stockholm's, in groups: a date has no third group of two after a hyphen.
        r"(?<![0-9][.,\-/])0[1-9]-[0-9]{2,3}(?: [0-9]{2,3}){2}" + RIGHT + r"(?![.,\-/][0-9])",
        # Nine to eleven digits of which the first is 0 are hardly anything else, but for the ISBN of old books; ten
        # that begin as an American number or an Italian mobile do are redacted to be safe.
        r"(?<![0-9][.,\-])(?<!ISBN )(?<!ISBN: )"
        r"(?:0[1-9][0-9]{7,9}|[2-9](?!11)[0-9]{2}[2-9](?!11)[0-9]{6}|3[2-9][0-9]{7,9})"
        + RIGHT + r"(?![.,\-][0-9])",
    )
)  # fmt: skip
PHONE = re.compile(
    # International: "+", or "00" and a country code that something separates.
    rf"(?<![0-9A-Za-z_+])\+[1-9](?:[ .()/\-]{{0,2}}[0-9]){{6,14}}(?![0-9]){EXTRA}|{LEFT}(?=[0-9(])(?:{NATIONAL})"
)
NOT_A_PHONE = re.compile(
    r"(?i)\b(?:order|invoice|id|no|nr|ref|reference|ticket|case|account|serial|part)[ .:#=]{0,3}$|#$"
)
LABELLED_PHONE = re.compile(LEFT + r"\(?[0-9](?:[ .()/\-]{0,2}[0-9]){6,14}" + RIGHT)
PHONE_WORDS = re.compile("tel|phone|fax|mobil|cell|whatsapp|tél")
PHONE_LABEL = re.compile(
    r"(?<![\w\[])(?:tel|telephone|telefon|téléphone|teléfono|phone|fax|mobile|mobil|cell|whatsapp)"
    r"(?: number| no\.?| nr\.?)?[ .:#=(*]{0,4}$"
)
LABEL_REACH = 32
# What a window reaches to its left: "IBAN", "+", "(".
REACH = 3
# An extension ("ext. 12") is written in letters, which end a window.
EXTENSION = 12
# What has a break inside has at least so many digits: a telephone number with its country.
MIN_DIGITS = 7


def find_numbers(text: str, kinds: frozenset[Kind]) -> list[Span]:
    """Return the spans of these kinds; they may overlap."""
    found: list[Span] = []
    if kinds.isdisjoint(("card", "iban", "ssn", "ip", "phone")):
        return found
    outline = text.encode("ascii", "replace").translate(OUTLINE)
    wanted = [finder for finder in FINDERS if finder[0] in kinds]
    for window in WINDOW.finditer(outline):
        start, end = window.span()
        if outline.find(b"\n", start, end) < 0 and outline.find(b"|", start, end) < 0:
            _look(text, outline, start, end, wanted, found)
            continue
        for line in LINE.finditer(outline, start, end):
            _look(text, outline, *line.span(), wanted, found)
        if outline.count(b"0", start, end) >= MIN_DIGITS:
            if "iban" in kinds:
                _broken_accounts(text, max(0, start - SMALL_IBAN_REACH), end + MAX_IBAN, found)
            found += find_broken(text, max(0, start - REACH), end, kinds)
    return found


def _look(text: str, outline: bytes, start: int, end: int, wanted: list[Finder], found: list[Span]) -> None:
    left = outline.count(b"0", start, end)
    first = seen = len(found)
    begin = max(0, start - REACH)
    for kind, digits, find in wanted if left >= FEWEST else ():
        if len(found) > seen:
            left, seen = _unclaimed(outline, start, end, found[first:]), len(found)
        if left < digits:
            continue
        if kind == "iban":
            _accounts_of(text, outline, begin, end, found)
        elif kind != "ip" or outline.count(b".", begin, end) >= 3:
            find(text, begin, end, found)


def _unclaimed(outline: bytes, start: int, end: int, found: list[Span]) -> int:
    """Return how many digits of a window nothing has claimed: findings overlap, and begin before their window."""
    left = outline.count(b"0", start, end)
    for span in resolve(found) if len(found) > 1 else found:
        left -= outline.count(b"0", max(span.start, start), min(span.end, end))
    return left


def _accounts_of(text: str, outline: bytes, start: int, end: int, found: list[Span]) -> None:
    if outline.find(b"A", start, end) >= 0:
        _accounts(text, start, end, found)
    low = max(0, start - SMALL_IBAN_REACH)
    if outline.find(SMALL_IBAN, low, start + 5) >= 0:
        _broken_accounts(text, low, end + MAX_IBAN, found)


def _cards(text: str, start: int, end: int, found: list[Span]) -> None:
    for candidate in CARD.finditer(text, start, end):
        group, begin = candidate.group(1), candidate.start()
        lengths = checks.card_lengths(group[:4])
        if not lengths:
            continue
        digits, last = "", 0
        for at, character in enumerate(group, begin + 1):
            if character in SEPARATORS:
                continue
            digits += character
            if len(digits) in lengths and not text[at : at + 1].isalnum() and checks.luhn(digits):
                last = at
        if last:
            found.append(Span(begin, last, "card"))


def _accounts(text: str, start: int, end: int, found: list[Span]) -> None:
    _prove(text, IBAN.finditer(text, start, end), found)


def _broken_accounts(text: str, start: int, end: int, found: list[Span]) -> None:
    _prove(text, BROKEN_IBAN.finditer(text, start, end), found)


def _prove(text: str, candidates: Iterator[re.Match[str]], found: list[Span]) -> None:
    for candidate in candidates:
        group, begin = candidate.group(1), candidate.start()
        length = checks.IBAN_LENGTHS.get(group[:2].upper(), 0)
        compact = group.translate(BETWEEN)[:length]
        if not length or not checks.iban(compact.upper()):
            continue
        ends = [at for at, character in enumerate(group, begin + 1) if character.isalnum()]
        last = ends[length - 1]
        # Small letters, hyphens and breaks prove less: then the number must end where its country's do.
        if not text[last : last + 1].isalnum() or AS_REGISTERED.fullmatch(text, begin, last):
            found.append(Span(begin, last, "iban"))


def _social_security(text: str, start: int, end: int, found: list[Span]) -> None:
    for match in SSN.finditer(text, start, end):
        if match.group(1) or SSN_LABEL.search(text, max(0, match.start() - LABEL_REACH), match.start()):
            found.append(Span(*match.span(), "ssn"))


def _addresses(text: str, start: int, end: int, found: list[Span]) -> None:
    for match in IP_V4.finditer(text, start, end):
        # A number of three digits is in hardly any version, and four small ones after "version" are one.
        if LONG_OCTET.search(match.group()) or not NOT_AN_IP.search(
            text, max(0, match.start() - LABEL_REACH), match.start()
        ):
            found.append(Span(*match.span(), "ip"))


def _phones(text: str, start: int, end: int, found: list[Span]) -> None:
    phones = [
        Span(*match.span(), "phone")
        for match in PHONE.finditer(text, start, min(len(text), end + EXTENSION))
        if not (
            match.group().isdigit() and NOT_A_PHONE.search(text, max(0, match.start() - LABEL_REACH), match.start())
        )
    ]
    if not phones:
        before = text[max(0, start - LABEL_REACH) : start + REACH].lower()
        if PHONE_WORDS.search(before) and PHONE_LABEL.search(before):
            phones = [Span(*match.span(), "phone") for match in LABELLED_PHONE.finditer(text, start, end)]
    found += phones


# The surest first: what it has claimed the next one need not look at. Digits that each needs at least.
FINDERS: tuple[Finder, ...] = (
    ("iban", 6, _accounts),
    ("card", 12, _cards),
    ("ip", 4, _addresses),
    ("ssn", 9, _social_security),
    ("phone", 7, _phones),
)
FEWEST = min(digits for _, digits, _ in FINDERS)
