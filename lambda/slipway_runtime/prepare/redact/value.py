"""How far the value of a telling name goes, and what only says where a secret comes from.

A value in quotes goes to the quote that closes it, one without to white space: a password holds any sign. A decision
looks at the beginning only, so that a value refused costs little; one taken is passed over whole.
"""

import re
from typing import NamedTuple

# Markdown's asterisks, ":=" and "=>", blanks, the letters before a string in code, and the opening quote, which a JSON
# text within a JSON text escapes.
BEGIN = re.compile(
    r"\*{0,3}=?>?[ \t]{0,16}(?:[bfruBFRU]{1,2}(?=[\"']))?((?:\\{0,3}(?:\"{3}|'{3}|[\"'`]))?)"
    r"((?:(?:(?:Bearer|Basic|Token|Digest|Negotiate|ApiKey)|(?i:bearer|basic|token))[ \t]{1,3})?)"
)
MAX_QUOTED = 4_096
PROBE_CHARACTERS = 256
# Ideographic marks have no blank behind them.
END = re.compile(r"[\s，。；、）」』】]|</[A-Za-z][\w:.\-]{0,40}>|<br ?/?>")  # noqa: RUF001 - those marks are meant
# In `"token_count":12,"text":…` the value is a number or a word of JSON.
JSON_END = re.compile(r"[\s,;}\])]")
QUOTE_END = re.compile(r"\\{0,3}([\"'`])(?=[,;:)\]}>|\\]|$)")
QUOTE_REACH = 256
TRAILING = ".,;:|\\\"'`"
CLOSING = {")": "(", "]": "[", "}": "{", ">": "<"}

PLACEHOLDER = re.compile(r"\[(?:EMAIL|PHONE|CARD|IBAN|SSN|IP|AWS_KEY|SECRET|NAME)(?:_[0-9]{1,9})?\]")
# Where a secret comes from: variables of shells, templates and formats, `<your password>`, and what masks one. A name
# in small letters with digits, `$ecret99`, is none.
REFERENCE = re.compile(
    r"""(?:\$\{\{?[^{}\n]{0,128}\}{1,2}|\$\([^()\n]{0,128}\)|\{\{[^{}\n]{0,128}\}\}|\#\{[^{}\n]{0,128}\}
    |<%[^%\n]{0,128}%>|<[A-Za-z][\w\ .:\-]{0,62}>|\{[A-Za-z_][\w.]{0,63}\}|\[[A-Za-z][a-z\ _\-]{1,40}\]
    |%\([\w.]{1,64}\)s|%[A-Za-z_]\w{0,63}%|%s|\$(?:env:)?[A-Z_][A-Z0-9_]{0,63}|\$[0-9@]|…
    |\*{2,64}|•{2,64}|x{3,64}|X{3,64}|\.{3,64})(?=[\s.,;:)\]}<>\"'`&|/\\@]|$)
    |\$[A-Za-z_]{1,64}(?:(?:->|\.|::)[A-Za-z_]{1,64}|\[[^\[\]\s]{0,64}\]){0,4}(?=[.,;:)\]}\"'`]{0,3}(?:\s|$))""",
    re.VERBOSE,
)
# What is inside an object or a list has names of its own.
REFERENCE_BEGINS = frozenset("$<{[#%*•xX.…")
STRUCTURE = re.compile(r"\{(?=$|[\s\"'}]|[A-Za-z_]\w{0,40}:)|\[(?=$|[\s\"'{\[\]])")
CALL = re.compile(r"[A-Za-z_.]{1,64}([(\[])")
ARGUMENTS = re.compile(r"[A-Za-z_.,:'\"\\]{0,256}")
BEHIND_A_CALL = frozenset(".,;:)]}([\"'`\\")
NUMBER_AND_LETTERS = re.compile(r"[0-9]{1,9}[A-Za-z]")


class Value(NamedTuple):
    """The value at `start`, and its first characters: all of them but marks at its end, if there are few.

    `is_quoted`: a quote closes it at `end`. `has_scheme`: "Bearer" led to it. `end`: None if it is beyond what was
    looked at.
    """

    start: int
    head: str
    is_quoted: bool
    has_scheme: bool
    end: int | None


def value_at(text: str, at: int, *, is_json: bool) -> Value | None:
    """Return the value that begins at `at`, behind a sign, or None where there is none, or a reference to one."""
    begin = BEGIN.match(text, at)
    if begin is None:
        return None
    quote, scheme = begin.groups()
    start = begin.end()
    limit = start + PROBE_CHARACTERS
    end = _closing(text, begin.end(1), quote) if quote else None
    is_quoted = end is not None
    if end is None:
        stop = (JSON_END if is_json else END).search(text, start, limit)
        end = stop.start() if stop else None
    head = text[start : limit if end is None else min(end, limit)]
    head = head if is_quoted else trimmed(head)
    if not head or is_reference(text, start) or (head[0] in "{[" and STRUCTURE.match(text, start)):
        return None
    # What holds a placeholder was looked at before it did.
    if "[" in head and PLACEHOLDER.search(text, start, (limit if end is None else end) + 1):
        return None
    if not is_quoted and _is_code(head):
        return None
    return Value(start, head, is_quoted, scheme[:1].isupper(), end)


def is_reference(text: str, start: int) -> bool:
    """Return whether what begins at `start` says where a secret comes from, or masks it."""
    return text[start : start + 1] in REFERENCE_BEGINS and REFERENCE.match(text, start) is not None


def end_of(text: str, sign: int, value: Value) -> int:
    """Return where a value ends: marks of a sentence, and what closes something opened before it, are not its own."""
    end = value.end
    if value.is_quoted and end is not None:
        return end
    if end is None:
        stop = END.search(text, value.start + PROBE_CHARACTERS)
        end = stop.start() if stop else len(text)
    content = text[value.start : end]
    if '"' in content or "'" in content or "`" in content:
        content = _unclosed(content, text[max(0, sign - QUOTE_REACH) : sign])
    return value.start + len(trimmed(content))


def _unclosed(content: str, before: str) -> str:
    """Return the content up to a quote that was opened before the name, on its line."""
    quote = QUOTE_END.search(content)
    if quote and quote.start() and before[before.rfind("\n") + 1 :].count(quote.group(1)) % 2:
        return content[: quote.start()]
    return content


def trimmed(content: str) -> str:
    """Return the content without marks at its end, and without closing brackets that nothing in it opens."""
    if content[-1:].isalnum():
        return content
    return content.rstrip(TRAILING + "".join(close for close, opening in CLOSING.items() if opening not in content))


def _closing(text: str, start: int, quote: str) -> int | None:
    """Return where the quote closes on its line; escaped and doubled ones do not close it."""
    limit = min(len(text), start + MAX_QUOTED)
    if (line_end := text.find("\n", start, limit)) >= 0:
        limit = line_end
    at = text.find(quote, start, limit)
    while at >= 0:
        slashes = len(text[start:at]) - len(text[start:at].rstrip("\\"))
        if text.startswith(quote, at + len(quote)) and at > start:
            at += len(quote)
        elif slashes % 2 == 0:
            return at
        at = text.find(quote, at + 1, limit)
    return None


def _is_code(head: str) -> bool:
    """Return whether it is a call or a look-up, `get_token(x)`, and no password with brackets, `Xk(9f)pq`."""
    call = CALL.match(head)
    if call is None:
        return False
    close = head.find(")" if call.group(1) == "(" else "]", call.end())
    if close < 0:
        return ARGUMENTS.fullmatch(head, call.end()) is not None
    if NUMBER_AND_LETTERS.match(head, call.end()):
        return False
    return close + 1 == len(head) or head[close + 1] in BEHIND_A_CALL
