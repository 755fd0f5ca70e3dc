"""Telephone numbers of another maker: Faker's, by locale, between words; and how many ids of digits are taken for one.

    python benchmarks/_prepare/held_out_phones.py      (with the Python of the peers, which has Faker)

A number is found only if no digit of it is left. Faker writes some that no exchange has, such as German ones whose area
code begins with a second 0: they count as missed. The ids are the price: bare ones of 9 to 11 digits.
"""

import random
import sys
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parents[2] / "lambda")]

from _prepare.redact_corpus import WORDS  # noqa: E402
from slipway_runtime.prepare.redact.redact import Redact  # noqa: E402

LOCALES = ["en_US", "en_GB", "it_IT", "de_DE", "fr_FR", "es_ES", "nl_NL", "sv_SE", "pl_PL", "pt_BR"]
NUMBERS = 1_000


def share_redacted(values: list[str], seed: int = 5) -> float:
    """Return the share of values of which no digit is left."""
    rng, rule, redacted = random.Random(seed), Redact(kinds=frozenset(("phone", "card", "iban", "ssn", "ip"))), 0
    for value in values:
        words = rng.choices(WORDS, k=12)
        text, _ = rule.rewrite(" ".join((*words[:6], value, *words[6:])))
        redacted += not any(character.isdigit() for character in text)
    return redacted / len(values)


def main() -> None:
    """Print the shares."""
    from faker import Faker  # noqa: PLC0415

    for locale in LOCALES:
        Faker.seed(3)
        maker = Faker(locale)
        print(f"{locale}  recall {share_redacted([maker.phone_number() for _ in range(NUMBERS)]):.3f}")
    rng = random.Random(7)
    for digits in (9, 10, 11):
        ids = [str(rng.randrange(10 ** (digits - 1), 10**digits)) for _ in range(NUMBERS)]
        print(f"ids of {digits} digits  taken for a number: {share_redacted(ids):.3f}")


if __name__ == "__main__":
    main()
