"""Checksums and number ranges that tell a card or an account from any other number."""

import functools

DOUBLED = {str(digit): 2 * digit - 9 * (digit > 4) for digit in range(10)}

# Length of an IBAN by country. Source: SWIFT, "IBAN Registry", release 99.
IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FI FK FO GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "CH CR HR LI LV",
        22: "BG BH DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}


# First four digits from, to, and how many digits in all.
ISSUERS = (
    (4000, 4999, range(13, 20, 3)),
    (5100, 5599, range(16, 17)),
    (2221, 2720, range(16, 17)),
    (3400, 3499, range(15, 16)),
    (3700, 3799, range(15, 16)),
    (3500, 3599, range(16, 20)),
    (1800, 1800, range(15, 16)),
    (2131, 2131, range(15, 16)),
    (3000, 3059, range(14, 20)),
    (3600, 3699, range(14, 20)),
    (3800, 3999, range(14, 20)),
    (6000, 6099, range(16, 20)),
    (6200, 6299, range(16, 20)),
    (6304, 6304, range(12, 20)),
    (6390, 6390, range(12, 20)),
    (6400, 6599, range(16, 20)),
    (6700, 6799, range(12, 20)),
    (5000, 5099, range(12, 20)),
    (5600, 5899, range(12, 20)),
)


def luhn(digits: str) -> bool:
    """Return whether the last digit is the check digit of the others. Source: ISO/IEC 7812-1, annex B."""
    total = sum(map(int, digits[-1::-2])) + sum(DOUBLED[digit] for digit in digits[-2::-2])
    return total % 10 == 0


@functools.cache
def card_lengths(first_four: str) -> range:
    """Return how many digits a card with these first four has; an empty range if no issuer has such cards.

    Source: ISO/IEC 7812 as published by the networks: Visa, Mastercard, American Express, Discover, Diners, JCB,
    UnionPay, Maestro.
    """
    first = int(first_four)
    return next((lengths for low, high, lengths in ISSUERS if low <= first <= high), range(0))


def iban(compact: str) -> bool:
    """Return whether an IBAN without blanks has its country's length and check digits. Source: ISO 13616-1, mod 97."""
    if IBAN_LENGTHS.get(compact[:2]) != len(compact):
        return False
    return int("".join(str(int(character, 36)) for character in compact[4:] + compact[:4])) % 97 == 1
