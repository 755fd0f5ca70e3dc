"""Personal data that a pattern, and a checksum where there is one, can tell. Names and addresses are not among them.

Source of the types: https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-sensitive-filters.html
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def luhn(text: str) -> bool:
    """Return whether the digits in `text` end in their check digit (ISO/IEC 7812-1)."""
    total = 0
    for position, digit in enumerate(reversed(_digits(text))):
        value = int(digit) * (1 + position % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _iban(text: str) -> bool:
    plain = re.sub(r"\s", "", text)
    return int("".join(str(int(letter, 36)) for letter in plain[4:] + plain[:4])) % 97 == 1


def _address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _any(text: str) -> bool:
    return True


_ENTITIES: dict[str, tuple[str, Callable[[str], bool]]] = {
    "AWS_ACCESS_KEY": (r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b", _any),
    "AWS_SECRET_KEY": (r"(?<![\w/+=])(?=\S*[a-z])(?=\S*[A-Z])(?=\S*\d)[A-Za-z0-9/+]{40}(?![\w/+=])", _any),
    "CA_SOCIAL_INSURANCE_NUMBER": (r"\b\d{3}[ -]\d{3}[ -]\d{3}\b", luhn),
    "CREDIT_DEBIT_CARD_NUMBER": (r"\b[2-6]\d{3}(?:[ -]?\d){8,15}\b", luhn),
    "EMAIL": (r"\b[\w.%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}\b", _any),
    "INTERNATIONAL_BANK_ACCOUNT_NUMBER": (r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b", _iban),
    "IP_ADDRESS": (r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4})(?![\w:])",
                   _address),
    "MAC_ADDRESS": (r"\b[0-9A-Fa-f]{2}(?:([:-])[0-9A-Fa-f]{2})(?:\1[0-9A-Fa-f]{2}){4}\b", _any),
    "PHONE": (r"(?<![\w.+-])(?:\+\d{1,3}[ .-]?(?:\(?\d{1,4}\)?[ .-]?){2,4}\d{2,4}"
              r"|(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4})(?![\w-])", _any),
    "UK_NATIONAL_INSURANCE_NUMBER": (r"\b[A-CEGHJ-PR-TW-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b", _any),
    "URL": (r"\bhttps?://[^\s<>\"']+[^\s<>\"'.,;:!?)]", _any),
    "US_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER": (r"\b9\d{2}-(?:5\d|6[0-5]|7\d|8[0-8]|9[0-24-9])-\d{4}\b", _any),
    "US_SOCIAL_SECURITY_NUMBER": (r"\b(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}\b", _any),
}  # fmt: skip
_PATTERNS = {name: (re.compile(pattern), check) for name, (pattern, check) in _ENTITIES.items()}
ASSESSED = frozenset(_PATTERNS)


def find(entity: str, text: str) -> Iterator[str]:
    """Yield each distinct passage of `text` that is of this type, one of ASSESSED."""
    pattern, check = _PATTERNS[entity]
    yield from dict.fromkeys(match[0] for match in pattern.finditer(text) if check(match[0]))


def spans(entity: str, text: str) -> Iterator[tuple[int, int]]:
    """Yield where in `text` passages of this type are, as characters."""
    pattern, check = _PATTERNS[entity]
    yield from (match.span() for match in pattern.finditer(text) if check(match[0]))
