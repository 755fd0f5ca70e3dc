"""Passwords and keys by the name that they are assigned to: `password=…`, `<password>…</password>`, a table's row."""

import re
from collections.abc import Iterator

from slipway_runtime.prepare.redact.span import Span
from slipway_runtime.prepare.redact.value import PLACEHOLDER, end_of, is_reference, value_at

# A blank stands for nothing, a blank, a hyphen or an underscore. The short ones among passwords are passwords too.
PASSWORDS = (
    "password", "passwd", "passphrase", "passcode", "passwort", "kennwort", "contraseña", "mot de passe", "pwd",
)  # fmt: skip
KEYS = (
    "secret", "token", "api key", "access key", "auth key", "account key", "private key", "encryption key",
    "credential", "credentials", "authorization",
)  # fmt: skip
# What is also an English word, or the abbreviation of another: its value must have letters and digits.
SHORT_NAMES = ("pass", "pw")


def _reversed(names: tuple[str, ...]) -> str:
    return "|".join(r"[ _\-]?".join(part[::-1] for part in reversed(name.split())) for name in names)


PASSWORD, KEY, SHORT = map(_reversed, (PASSWORDS, KEYS, SHORT_NAMES))
QUOTES = r"[\"'`*\\]{0,5}"
# The end of a name that says what follows is secret. Read backwards from the sign, so that a name is tried at one place
# only: tried at each place before it, "key:=" a hundred thousand times took six times as long.
NAME = re.compile(
    rf"(?i)\s{{0,2}}(?P<quotes>{QUOTES})(?:(?P<after>[\w\-]{{0,16}}?)(?:(?P<password>{PASSWORD})|(?P<key>{KEY}))"
    rf"|[\d_\-]{{0,3}}?(?:{SHORT})(?![^\W\d_]))"
)
# `"name": "password", "value": `: the name is itself a value, in the same record.
NAMED = re.compile(
    rf"(?i)\s{{0,2}}{QUOTES}(?:eulav|lav)[\"'`]{{0,2}}\s{{0,8}}[,;]?\s{{0,2}}"
    rf"[\"'`]{{0,2}}[\w\-]{{0,16}}?(?:{PASSWORD}|{KEY}|(?:{SHORT})(?![^\W\d_]))[\w\-.]{{0,24}}[\"'`]{{0,2}}\s{{0,3}}[:=]"
)
NAME_REACH = 48
NAMED_REACH = 128
NAME_ENDS = frozenset("\"'`*_- \t\n")
SPACE = re.compile(r"\s")
CELL = re.compile(r"[ \t]{0,8}((?:[^\s|\\]|\\[^\s]){6,512})[ \t]{0,8}\|")
ELEMENT = re.compile(r"<([A-Za-z][\w.:\-]{1,47})>\s{0,8}([^\s<>][^<>\n]{0,511})(?:\n\s{0,8})?</\1\s{0,8}>")
# "password: required" is prose; what has a digit or a sign of its own, or was quoted or assigned with "=", is a value.
UNUSUAL = re.compile(r"[0-9]|[^\W_]*[!#%&*+/?@^_~\\][^\s]|[^\W_]\$[^\s]|\$\$")
# Letters and digits mixed, and no path.
MIXED = re.compile(r"(?=[^/]*[^\W\d_])(?=[^/]*[0-9])[^/]*")
NUMBER = re.compile(r"[0-9][0-9.,_]{0,30}[kKmMbB%]?")
PROSE = frozenset(
    ("required", "optional", "string", "str", "none", "null", "nil", "true", "false", "yes", "no", "bearer", "basic")
)
# Fewer characters are hardly a value. A password can be short where "=" or quotes say that it is one.
MIN_PASSWORD, MIN_MIXED, MIN_OTHER = 3, 4, 6


def find_assigned(text: str) -> Iterator[Span]:
    """Yield the values of telling names: after ":" and "=", in the next cell of a table, and in an element."""
    for sign in ":=|":
        at = text.find(sign)
        while at >= 0:
            after = at + 1
            if (
                at
                and (text[at - 1] in NAME_ENDS or text[at - 1].isalnum() or text[at - 1] == "\\")
                and (span := _assigned(text, at))
            ):
                yield span
                after = span.end
            at = text.find(sign, after)
    at = text.find("<")
    while at >= 0:
        if (match := ELEMENT.match(text, at)) and is_telling(match.group(1)):
            start, end = match.start(2), match.start(2) + len(match.group(2).rstrip())
            if not (is_reference(text, start) or PLACEHOLDER.search(text, start, end)):
                yield Span(start, end, "secret")
        at = text.find("<", at + 1)


def is_telling(name: str) -> bool:
    """Return whether a name says that its value is secret."""
    return NAME.match(name[-NAME_REACH:][::-1]) is not None


def _assigned(text: str, at: int) -> Span | None:
    before = text[max(0, at - NAME_REACH) : at][::-1]
    name = NAME.match(before)
    if text[at] == "|":
        return _in_cell(text, at) if name else None
    if name is None and not _is_named(text, at, before):
        return None
    is_json = name is not None and text[at] == ":" and '"' in name["quotes"]
    value = value_at(text, at + 1, is_json=is_json)
    if value is None or value.head.lower() in PROSE:
        return None
    is_certain = name is None or value.is_quoted or value.has_scheme or text[at] == "="
    if not _is_secret(value.head, name, is_certain=is_certain):
        return None
    end = end_of(text, at, value)
    return Span(value.start, end, "secret") if end > value.start else None


def _is_secret(head: str, name: re.Match[str] | None, *, is_certain: bool) -> bool:
    is_mixed = MIXED.fullmatch(head) is not None
    if name is not None and not (name["password"] or name["key"]):
        return is_mixed and len(head) >= MIN_OTHER
    is_password = name is None or bool(name["password"])
    # `max_tokens=4096` and `password_length: 12` count, `token=123456` is one.
    if NUMBER.fullmatch(head) and name is not None:
        is_count = any(map(str.isalpha, name["after"]))
        if is_count or (not is_password and len(head) < MIN_OTHER):
            return False
    if not is_certain and UNUSUAL.search(head) is None:
        return False
    least = MIN_PASSWORD if is_password and is_certain else MIN_MIXED if is_mixed else MIN_OTHER
    return len(head) >= least


def _in_cell(text: str, at: int) -> Span | None:
    cell = CELL.match(text, at + 1)
    if cell is None or not MIXED.fullmatch(cell.group(1)) or is_reference(text, cell.start(1)):
        return None
    return Span(*cell.span(1), "secret") if not PLACEHOLDER.match(text, cell.start(1)) else None


def _is_named(text: str, at: int, before: str) -> bool:
    return "la" in before[:9].lower() and NAMED.match(text[max(0, at - NAMED_REACH) : at][::-1]) is not None
