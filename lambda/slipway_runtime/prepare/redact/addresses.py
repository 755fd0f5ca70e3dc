"""E-mail addresses, found at "@", and IP version 6 addresses, found at ":"."""

import ipaddress
import re
from collections.abc import Iterator

from slipway_runtime.prepare.redact.span import Span

# Source: RFC 5321, section 4.5.3.1 (local part up to 64 octets), RFC 1035, section 2.3.4 (labels up to 63).
MAX_LOCAL = 64
LOCAL = frozenset(".!#$%&'*+/=?^_`{|}~-")
TOP = r"(?:xn--[a-z0-9\-]{2,59}|[^\W\d_]{2,24})"
# A line may end behind "@", or before a top-level domain that nothing but an address has behind a full stop. Markdown
# escapes what it could take for a sign of its own.
DOMAIN = re.compile(
    r"(?: {0,3}\n {0,3})?(?:[^\W_](?:[\w\-]{0,62})\\?\.){1,8}"
    rf"(?:{TOP}| {{0,3}}\n {{0,3}}(?:com|org|net|edu|gov|info|[a-z]{{2}})(?!\w))"
)
# What surrounds an address in prose and markup rather than belonging to it.
OPENING = "'`{|*=/?&#.~\\"
IP_V6 = re.compile(r"[0-9A-Fa-f:]{2,39}")
MAX_IP_CHARACTERS = 39
HEXADECIMAL = frozenset("0123456789abcdefABCDEF")


def find_emails(text: str) -> Iterator[Span]:
    """Yield the e-mail addresses. Quoted local parts, which nobody has, are not looked for."""
    at = text.find("@")
    while at >= 0:
        after = at + 1
        if (start := _local(text, at)) < at and (domain := DOMAIN.match(text, after)):
            after = domain.end()
            yield Span(start, after, "email")
        at = text.find("@", after)


def _local(text: str, at: int) -> int:
    """Return where the local part before "@" begins; a backslash belongs to it where it escapes a sign."""
    start, floor = at, max(0, at - MAX_LOCAL)
    while start > floor and (
        (before := text[start - 1]).isalnum() or before in LOCAL or (before == "\\" and not text[start].isalnum())
    ):
        start -= 1
    while start < at and text[start] in OPENING:
        start += 1
    return start


def find_ip_v6(text: str) -> Iterator[Span]:
    """Yield the IP version 6 addresses of at least three groups: "a::b" is code, and "::1" is this machine."""
    at = text.find(":")
    while at >= 0:
        after = at + 1
        following = text[after : after + 1]
        if at and (following == ":" or following in HEXADECIMAL) and text[at - 1] in HEXADECIMAL:
            start = at
            while start and at - start < 4 and text[start - 1] in HEXADECIMAL:
                start -= 1
            match = IP_V6.match(text, start)
            if match is not None and _is_address(
                match.group(), text[start - 1 : start], text[match.end() : match.end() + 1]
            ):
                yield Span(start, match.end(), "ip")
            after = match.end() if match else after
        at = text.find(":", after)


def _is_address(candidate: str, before: str, after: str) -> bool:
    if before.isalnum() or before in ("_", ".", ":") or after.isalnum() or after in ("_", ":"):
        return False
    groups = [group for group in candidate.split(":") if group]
    if len(groups) < 3 or ("::" not in candidate and len(groups) != 8):
        return False
    try:
        ipaddress.IPv6Address(candidate)
    except ValueError:
        return False
    return True
