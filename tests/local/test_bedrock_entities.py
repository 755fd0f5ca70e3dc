"""Personal data that guardrails tell by pattern and checksum.

The types: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_GuardrailPiiEntityConfig.html; how
they are told is our own.
"""

from __future__ import annotations

import pytest

from slipway_local.bedrock.guardrails.entities import find, luhn

pytestmark = pytest.mark.capability("O14")


@pytest.mark.parametrize(
    ("entity", "text", "found"),
    # The checksums: ISO/IEC 7812-1 (cards), ISO 13616 (IBAN); the numbers are the documentation's own examples.
    [
        ("EMAIL", "Write to jane.doe+x@mail.example.com.", ["jane.doe+x@mail.example.com"]),
        ("EMAIL", "me@localhost, @home", []),
        ("PHONE", "Call +1 206-555-0100 or (206) 555-0101, not 2026-11-21 or 10.0.0.1.", ["+1 206-555-0100",
                                                                                         "(206) 555-0101"]),
        ("CREDIT_DEBIT_CARD_NUMBER", "4111 1111 1111 1111, not 4111 1111 1111 1112", ["4111 1111 1111 1111"]),
        ("US_SOCIAL_SECURITY_NUMBER", "078-05-1120, 000-12-3456, 666-12-3456", ["078-05-1120"]),
        ("IP_ADDRESS", "192.0.2.7 and 2001:db8::1, not 300.1.1.1 or 12:30", ["192.0.2.7", "2001:db8::1"]),
        ("AWS_ACCESS_KEY", "AKIAIOSFODNN7EXAMPLE and AKIASHORT", ["AKIAIOSFODNN7EXAMPLE"]),
        ("AWS_SECRET_KEY", "key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY1", []),
        ("AWS_SECRET_KEY", "key wJalr1UtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
         ["wJalr1UtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"]),
        ("INTERNATIONAL_BANK_ACCOUNT_NUMBER", "GB82 WEST 1234 5698 7654 32, not GB83 WEST 1234 5698 7654 32",
         ["GB82 WEST 1234 5698 7654 32"]),
        ("MAC_ADDRESS", "00:1b:44:11:3a:b7", ["00:1b:44:11:3a:b7"]),
        ("URL", "See https://example.com/a?b=c.", ["https://example.com/a?b=c"]),
        ("US_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER", "912-70-1234 but 912-00-1234", ["912-70-1234"]),
        ("UK_NATIONAL_INSURANCE_NUMBER", "AB 12 34 56 C, DQ 12 34 56 C", ["AB 12 34 56 C"]),
        ("CA_SOCIAL_INSURANCE_NUMBER", "046 454 286, 046 454 287", ["046 454 286"]),
    ],
)  # fmt: skip
def test_personal_data_is_told_by_pattern_and_checksum(entity: str, text: str, found: list[str]) -> None:
    assert list(find(entity, text)) == found


def test_luhn_knows_a_wrong_digit() -> None:
    assert luhn("79927398713")
    assert not any(luhn(f"7992739871{digit}") for digit in "012456789")
