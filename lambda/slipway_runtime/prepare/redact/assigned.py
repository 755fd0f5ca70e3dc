"""Passwords and keys by the name that they are assigned to: `password=…`, `<password>…</password>`, a table's row."""

import re
from collections.abc import Iterator

from slipway_runtime.prepare.redact.span import Span

# A blank stands for nothing, a blank, a hyphen or an underscore.
NAMES = (
    "password", "passwd", "passphrase", "passcode", "passwort", "kennwort", "contraseña", "mot de passe", "pwd",
    "secret", "token", "api key", "access key", "auth key", "account key", "private key", "encryption key",
    "credential", "credentials", "authorization",
)  # fmt: skip
# What is also an English word, or the abbreviation of another: its value must have letters and digits.
SHORT_NAMES = ("pass", "pw")


def _reversed(name: str) -> str:
    return r"[ _\-]?".join(part[::-1] for part in reversed(name.split()))


SECRET = "|".join(map(_reversed, NAMES))
SHORT = "|".join(map(_reversed, SHORT_NAMES))
QUOTES = r"[\"'`*]{0,3}"
# The end of a name that says what follows is secret. Read backwards from the sign, so that a name is tried at one place
# only: tried at each place before it, "key:=" a hundred thousand times took six times as long.
NAME = re.compile(rf"(?i)\s{{0,2}}{QUOTES}(?:[\w\-]{{0,16}}?(?P<sure>{SECRET})|[\d_\-]{{0,3}}?(?:{SHORT})(?![^\W\d_]))")
# `"name": "password", "value": `: the name is itself a value, in the same record.
NAMED = re.compile(
    rf"(?i)\s{{0,2}}{QUOTES}(?:eulav|lav)[\"'`]{{0,2}}\s{{0,8}}[,;]?\s{{0,2}}"
    rf"[\"'`]{{0,2}}[\w\-]{{0,16}}?(?:{SECRET}|(?:{SHORT})(?![^\W\d_]))[\w\-.]{{0,24}}[\"'`]{{0,2}}\s{{0,3}}[:=]"
)
NAME_REACH = 48
NAMED_REACH = 128
NAME_ENDS = frozenset("\"'`*_- \t\n")
SCHEME = r"(?:Bearer |Basic )?"
VALUE = re.compile(rf"=?>?[ \t]{{0,4}}([\"'`]?)({SCHEME})([^\s\"'`,;<>(){{}}\[\]$|]{{6,512}})(\1)")
ELEMENT = re.compile(r"<([A-Za-z][\w.:\-]{1,47})>\s{0,8}([^\s<>\[\]$]{1,512})\s{0,8}</")
# "password: required" is prose; what has a digit or a sign of its own, or was quoted or assigned with "=", is a value.
UNUSUAL = re.compile(r"[0-9]|[^\W_]*[!#%&*+/?@^_~|\\][^\s]")
# Letters and digits mixed, and no path.
MIXED = re.compile(r"(?=[^/]*[^\W\d_])(?=[^/]*[0-9])[^/]*")
# A call or a look-up, `get_token()`, is where the secret comes from and not the secret.
CODE = re.compile(r"[A-Za-z_.]+")
PROSE = ("required", "optional", "string")


def find_assigned(text: str) -> Iterator[Span]:
    """Yield the values of telling names: after ":" and "=", in the next cell of a table, and in an element."""
    for sign in ":=|":
        at = text.find(sign)
        while at >= 0:
            if at and (text[at - 1] in NAME_ENDS or text[at - 1].isalnum()) and (span := _assigned(text, at)):
                yield span
            at = text.find(sign, at + 1)
    at = text.find("<")
    while at >= 0:
        if (match := ELEMENT.match(text, at)) and NAME.match(match.group(1)[::-1]):
            yield Span(*match.span(2), "secret")
        at = text.find("<", at + 1)


def _assigned(text: str, at: int) -> Span | None:
    before = text[max(0, at - NAME_REACH) : at][::-1]
    name = NAME.match(before)
    is_named = name is None and text[at] != "|" and _is_named(text, at, before)
    if name is None and not is_named:
        return None
    value = VALUE.match(text, at + 1)
    if value is None:
        return None
    start, end = value.span(3)
    content = text[start:end].rstrip(".:")
    if CODE.fullmatch(content) and text[end : end + 1] in ("(", "["):
        return None
    if text[at] == "|":
        is_value = text[end : end + 3].lstrip(" ")[:1] == "|" and MIXED.fullmatch(content) is not None
    elif name is not None and not name["sure"]:
        is_value = MIXED.fullmatch(content) is not None
    else:
        is_certain = bool(value.group(1) or value.group(2)) or text[at] == "=" or is_named
        is_value = is_certain or UNUSUAL.search(content) is not None
    if not is_value or content.lower() in PROSE:
        return None
    return Span(start, start + len(content), "secret")


def _is_named(text: str, at: int, before: str) -> bool:
    return "la" in before[:9].lower() and NAMED.match(text[max(0, at - NAMED_REACH) : at][::-1]) is not None
