"""Keys, tokens and passwords: by their own prefix, or by the name that a value is assigned to."""

import re
from collections.abc import Iterator

from slipway_runtime.prepare.redact.span import Span

# Source: AWS IAM user guide, "IAM identifiers", unique id prefixes: AKIA long-term, ASIA temporary access keys.
ACCESS_KEY = re.compile(r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])")
SECRET_KEY = re.compile(r"[^A-Za-z0-9/+=]([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])")
# A secret key is written beside its access key; forty letters alone are a word of some notation.
SECRET_KEY_REACH = 200
UNLIKE_A_WORD = re.compile(r"[0-9/+]")
PEM = re.compile(r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----")
PEM_END = re.compile(r"-----END (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----")
MAX_PEM = 20_000
# A search for one character is a hundred times as fast as one for several (measured: 0.03 for 0.6 ms/MB). So: the
# rarest sign of each kind of token, how many characters before it the token begins, and its whole form. Sources: the
# documentation of GitHub, Slack, Google, OpenAI, Stripe and GitLab on their tokens; RFC 7519, section 3 (JWT).
TOKENS: dict[str, tuple[tuple[str, int, str], ...]] = {
    "_": (
        ("gh", 3, r"gh[pousr]_[A-Za-z0-9]{36,251}"),
        ("github", 6, r"github_pat_[A-Za-z0-9_]{22,251}"),
        ("sk", 2, r"sk_live_[A-Za-z0-9]{16,251}"),
        ("rk", 2, r"rk_live_[A-Za-z0-9]{16,251}"),
    ),
    "-": (
        ("xox", 4, r"xox[abeoprs]-[A-Za-z0-9\-]{10,251}"),
        ("sk", 2, r"sk-[A-Za-z0-9_\-]{20,251}"),
        ("glpat", 5, r"glpat-[A-Za-z0-9_\-]{20,251}"),
    ),
    "z": (("AIza", 2, r"AIza[A-Za-z0-9_\-]{35}"),),
    "J": (("eyJ", 2, r"eyJ[A-Za-z0-9_\-]{8,2000}\.eyJ[A-Za-z0-9_\-]{8,6000}\.[A-Za-z0-9_\-]{8,2000}"),),
}
FORMS = tuple(
    (
        sign,
        tuple((start, back, re.compile(f"(?<![A-Za-z0-9]){form}(?![A-Za-z0-9_\\-])")) for start, back, form in forms),
    )
    for sign, forms in TOKENS.items()
)
# The end of a name that says what follows is secret.
NAME = re.compile(
    r"(?i)(?:password|passwd|passphrase|passcode|pwd|secret|token|api[_\- ]?key|access[_\- ]?key|auth[_\- ]?key"
    r"|account[_\- ]?key|private[_\- ]?key|encryption[_\- ]?key|credentials?)[\w\-]{0,16}[\"'`*]{0,3}\s{0,2}$"
)
NAME_ENDS = "_-\"'`*"
HINTS = ("pass", "pwd", "secret", "token", "key", "credential")
NAME_REACH = 48
VALUE = re.compile(r"=?>?[ \t]{0,4}(?:Bearer |Basic )?([\"'`]?)([^\s\"'`,;<>(){}\[\]$]{6,512})(\1)")
# "password: required" is prose; what has a digit or a sign of its own, or was quoted or assigned with "=", is a value.
UNUSUAL = re.compile(r"[0-9]|[^\W_]*[!#%&*+/?@^_~|\\][^\s]")
# A call or a look-up, `get_token()`, is where the secret comes from and not the secret.
CODE = re.compile(r"[A-Za-z_.]+")
CREDENTIALS = re.compile(r"://[^\s:/@\[\]]{1,128}:([^\s/@\[\]]{1,256})@")


def find_aws_keys(text: str) -> Iterator[Span]:
    """Yield access keys, and what has the form of a secret key beside one."""
    for sign in "KS":
        at = text.find(sign)
        while at >= 0:
            if at and text.startswith("IA", at + 1) and (match := ACCESS_KEY.match(text, at - 1)):
                yield Span(*match.span(), "aws_key")
                nearby = SECRET_KEY.finditer(text, max(0, at - SECRET_KEY_REACH), match.end() + SECRET_KEY_REACH)
                yield from (Span(*key.span(1), "aws_key") for key in nearby if UNLIKE_A_WORD.search(key.group()))
            at = text.find(sign, at + 1)


def find_secrets(text: str) -> Iterator[Span]:
    """Yield tokens of known form, private keys, credentials in addresses, and values assigned to a telling name."""
    yield from _tokens(text)
    yield from _private_keys(text)
    for sign in ":=":
        at = text.find(sign)
        while at >= 0:
            if sign == ":" and text.startswith("//", at + 1) and (match := CREDENTIALS.match(text, at)):
                yield Span(*match.span(1), "secret")
            if (span := _assigned(text, at)) is not None:
                yield span
            at = text.find(sign, at + 1)


def _tokens(text: str) -> Iterator[Span]:
    for sign, forms in FORMS:
        at = text.find(sign)
        while at >= 0:
            after = at + 1
            for start, back, form in forms:
                if at >= back and text.startswith(start, at - back) and (match := form.match(text, at - back)):
                    yield Span(*match.span(), "secret")
                    after = match.end()
            at = text.find(sign, after)


def _private_keys(text: str) -> Iterator[Span]:
    at = text.find("-----BEGIN ")
    while at >= 0:
        after = at + len("-----BEGIN ")
        if match := PEM.match(text, at):
            end = PEM_END.search(text, match.end(), at + MAX_PEM)
            # Without its end, what follows without a blank line is the key, cut off.
            blank = text.find("\n\n", match.end(), at + MAX_PEM)
            after = end.end() if end else blank if blank >= 0 else min(len(text), at + MAX_PEM)
            yield Span(at, after, "secret")
        at = text.find("-----BEGIN ", after)


def _assigned(text: str, at: int) -> Span | None:
    last = text[at - 1 : at]
    if not (last.isalnum() or last.isspace() or last in NAME_ENDS):  # in "key:=key:=…" every other sign
        return None
    before = text[max(0, at - NAME_REACH) : at]
    lowered = before.lower()
    if not any(hint in lowered for hint in HINTS) or not NAME.search(before):
        return None
    value = VALUE.match(text, at + 1)
    if value is None:
        return None
    start, end = value.span(2)
    content = text[start:end].rstrip(".:")
    if CODE.fullmatch(content) and text[end : end + 1] in ("(", "["):
        return None
    is_certain = bool(value.group(1)) or text[at] == "="
    if not (is_certain or UNUSUAL.search(content)) or content.lower() in ("required", "optional", "string"):
        return None
    return Span(start, start + len(content), "secret")
