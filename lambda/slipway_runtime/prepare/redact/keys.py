"""Keys, tokens and passwords: by their own prefix, in addresses, or by the name that a value is assigned to."""

import re
from collections.abc import Iterator

from slipway_runtime.prepare.redact.assigned import find_assigned
from slipway_runtime.prepare.redact.span import Span
from slipway_runtime.prepare.redact.value import PLACEHOLDER, is_reference

# Source: AWS IAM user guide, "IAM identifiers", unique id prefixes: AKIA long-term, ASIA temporary access keys.
# Searched by its first letters alone, of which the first is one certain byte.
ACCESS_KEY_BEGUN = re.compile("A[KS]IA")
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
# A password may hold "/" and "@", so it goes to the last "@"; digits and a "/" are a port. Only one without an "@"
# before "?" or "#" may hold these too.
CREDENTIALS = re.compile(
    r"://[^\s:/@\[\]]{0,128}:(?![0-9]{1,5}[/?#])(?:([^\s\"'`<>?#]{1,256})@|([^\s\"'`<>@]{1,256})@)(?=[\w\[])"
)


def find_aws_keys(text: str) -> Iterator[Span]:
    """Yield access keys, and what has the form of a secret key beside one."""
    for begun in ACCESS_KEY_BEGUN.finditer(text):
        if match := ACCESS_KEY.match(text, begun.start()):
            yield Span(*match.span(), "aws_key")
            nearby = SECRET_KEY.finditer(text, max(0, match.start() - SECRET_KEY_REACH), match.end() + SECRET_KEY_REACH)
            yield from (Span(*key.span(1), "aws_key") for key in nearby if UNLIKE_A_WORD.search(key.group()))


def find_secrets(text: str) -> Iterator[Span]:
    """Yield tokens of known form, private keys, credentials in addresses, and values assigned to a telling name."""
    yield from _tokens(text)
    yield from _private_keys(text)
    yield from find_assigned(text)
    at = text.find(":")
    while at >= 0:
        if text.startswith("//", at + 1) and (match := CREDENTIALS.match(text, at)):
            start, end = match.span(match.lastindex or 0)
            if not (is_reference(text, start) or PLACEHOLDER.search(text, start, end)):
                yield Span(start, end, "secret")
        at = text.find(":", at + 1)


def _tokens(text: str) -> Iterator[Span]:
    for sign, forms in FORMS:
        at = text.find(sign)
        while at >= 0:
            after = at + 1
            # All of them have a letter before their sign, and most hyphens are between digits.
            for start, back, form in forms if text[at - 1].isalpha() else ():
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
