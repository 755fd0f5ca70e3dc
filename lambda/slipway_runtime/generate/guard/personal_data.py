"""Personal data and secrets in an answer while it is being written, found as preparation finds them in documents."""

import re

from slipway_runtime.prepare.redact.redact import Redact
from slipway_runtime.prepare.redact.span import Kind, Span

# What a detector may have to see before and after a finding; see prepare/redact (keys.SECRET_KEY_REACH).
REACH_CHARACTERS = 256
# The word that is being written; scripts without blanks have none of these forms.
LAST_WORD = re.compile(r"[^\s\u2e80-\uffff]*\Z")
# Before it, what numbers and accounts are made of, in groups: "DE44 5001 0517", "+1 (555) 010", "ext. 7", "SSN:".
GROUPS = re.compile(r"(?:(?:[^\sa-z\u2e80-\uffff]*[A-Z0-9=:@][^\sa-z\u2e80-\uffff]*|ext\.?|x)[ \t]{1,4}){1,24}\Z")
ASSIGNED = re.compile(r"[^\s]*[=:>][\"'`]?[ \t]{0,4}(?:(?:Bearer|Basic) ?)?\Z")
KEY = re.compile(r"(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")
PEM, PEM_END, MAX_PEM = "-----BEGIN ", re.compile(r"-----END [A-Z0-9 ]{0,60}PRIVATE KEY(?: BLOCK)?-----"), 20_000


def finder(kinds: tuple[Kind, ...]) -> Redact:
    """Return what finds these kinds."""
    return Redact(kinds=frozenset(kinds))


def settled(text: str) -> int:
    """Return up to where no finding can begin that what follows would complete."""
    word = LAST_WORD.search(text)
    end = word.start() if word else len(text)
    for pattern in (ASSIGNED, GROUPS):
        if before := pattern.search(text, max(0, end - REACH_CHARACTERS), end):
            end = min(end, before.start())
    for key in KEY.finditer(text, max(0, len(text) - 2 * REACH_CHARACTERS)):
        if len(text) - key.end() < REACH_CHARACTERS and any(each in "0123456789/+" for each in key.group()):
            end = min(end, key.start())
    begin = text.rfind(PEM, max(0, len(text) - MAX_PEM))
    if begin >= 0 and not PEM_END.search(text, begin):
        end = min(end, begin)
    return end


def placeholder(span: Span) -> str:
    """Return what stands for a finding."""
    return f"[{span.kind.upper()}]"
