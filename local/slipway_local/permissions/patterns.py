"""Wildcards and policy variables: what `*`, `?` and `${aws:PrincipalTag/team}` in a policy's texts match.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

import functools
import re
from collections.abc import Mapping, Sequence

Context = Mapping[str, Sequence[str]]  # condition keys in lower case, each with its values

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_DEFAULT = re.compile(r"^(.*?)\s*,\s*'(.*)'$")


@functools.lru_cache(maxsize=4096)
def _glob(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    return re.compile(_translate(pattern), re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def _translate(pattern: str) -> str:
    return "".join({"*": ".*", "?": "."}.get(character) or re.escape(character) for character in pattern)


def matches(pattern: str, value: str, context: Context, *, ignore_case: bool = False) -> bool:
    """Return whether a pattern matches the whole of a value; one with a variable that has no value matches nothing."""
    if "${" not in pattern:
        return pattern == "*" or _glob(pattern, ignore_case).fullmatch(value) is not None
    parts = _VARIABLE.split(pattern)
    values = [_variable(name, context) for name in parts[1::2]]
    if None in values:
        return False
    texts = [re.escape(str(one)) for one in values] + [""]
    whole = "".join(_translate(literal) + text for literal, text in zip(parts[::2], texts, strict=True))
    return re.fullmatch(whole, value, re.DOTALL | (re.IGNORECASE if ignore_case else 0)) is not None


def expand(text: str, context: Context, *, quoted: bool = False) -> str | None:
    """Return a text with its variables filled in, None if one has no value.

    `quoted`: as a pattern, in which a value's own wildcards mean themselves.
    """
    if "${" not in text:
        return text
    parts = _VARIABLE.split(text)
    values = [_variable(name, context) for name in parts[1::2]]
    if None in values:
        return None
    if quoted:
        values = [re.sub(r"[*?$]", r"${\g<0>}", str(value)) for value in values]
    return "".join(literal + str(value) for literal, value in zip(parts[::2], [*values, ""], strict=True))


def _variable(name: str, context: Context) -> str | None:
    if name in ("*", "?", "$"):
        return name
    default = _DEFAULT.match(name)
    values = context.get((default[1] if default else name).lower(), ())
    if len(values) == 1:
        return values[0]
    return default[2] if default and not values else None
