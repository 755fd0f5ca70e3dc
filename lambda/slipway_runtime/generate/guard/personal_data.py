"""Personal data and secrets in an answer while it is being written, found as preparation finds them in documents."""

import re

from slipway_runtime.prepare.redact.redact import Redact
from slipway_runtime.prepare.redact.span import Kind, Span

# What a detector may have to see before and after a finding; see prepare/redact (keys.SECRET_KEY_REACH).
REACH_CHARACTERS = 256
# The word that is being written; scripts without blanks have none of these forms.
LAST_WORD = re.compile(r"[^\s\u2e80-\uffff]*\Z")
MAX_GROUPS = 24
KEY = re.compile(r"(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")
PEM, PEM_END, MAX_PEM = "-----BEGIN ", re.compile(r"-----END [A-Z0-9 ]{0,60}PRIVATE KEY(?: BLOCK)?-----"), 20_000


def finder(kinds: tuple[Kind, ...]) -> Redact:
    """Return what finds these kinds."""
    return Redact(kinds=frozenset(kinds))


def settled(text: str) -> int:
    """Return up to where no finding can begin that what follows would complete."""
    word = LAST_WORD.search(text)
    end = word.start() if word else len(text)
    end = _before_groups(text, end)
    for key in KEY.finditer(text, max(0, len(text) - 2 * REACH_CHARACTERS)):
        if len(text) - key.end() < REACH_CHARACTERS and any(each in "0123456789/+" for each in key.group()):
            end = min(end, key.start())
    begin = text.rfind(PEM, max(0, len(text) - MAX_PEM))
    if begin >= 0 and not PEM_END.search(text, begin):
        end = min(end, begin)
    return end


def _before_groups(text: str, end: int) -> int:
    """Return where the run of groups begins that numbers and accounts are made of: "DE44 5001 0517", "+1 (555) 010"."""
    for _ in range(MAX_GROUPS):
        before = text[max(0, end - REACH_CHARACTERS) : end].rstrip(" \t")
        group = LAST_WORD.search(before)
        if group is None or not _may_be_group(group.group()):
            break
        end -= min(end, REACH_CHARACTERS) - group.start()
    return end


def _may_be_group(word: str) -> bool:
    return word in ("x", "ext", "ext.") or (word.upper() == word and any(each.isalnum() for each in word))


def placeholder(span: Span) -> str:
    """Return what stands for a finding."""
    return f"[{span.kind.upper()}]"
