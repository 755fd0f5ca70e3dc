"""The language of a document: ours and py3langid over translated sentences of Django, joined to 20, 60 and 200 words.

    python benchmarks/_prepare/language.py            (with a Python that has django and py3langid)

The sentences are by each language's own translators and have no part in our lists of words.
Units: share of texts named rightly, and wrongly (the rest is named not at all); microseconds of CPU time for a text.
"""

import gettext
import random
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "lambda"))

from slipway_runtime.prepare.rules.language import identify

LISTED = (
    "de fr es it pt nl sv da nb fi pl cs sk sl hr hu ro tr id ca et lv lt vi ru uk bg sr ja zh_Hans ko ar fa he el hi "
    "bn th ka hy ta te"
)
LOCALES = LISTED.split()
CODES = {"nb": "no", "zh_Hans": "zh", "bs": "hr"}
LENGTHS = (20, 60, 200)
TEXTS = 40
MARKUP = re.compile(r"%\(\w+\)s|%\w|\{\w*\}|<[^>]+>")


def sentences(folder: Path, locale: str) -> list[str]:
    """Return the translated messages of at least five words, or twelve characters where words have no blanks."""
    found = set()
    for path in folder.glob(f"**/locale/{locale}/LC_MESSAGES/django.mo"):
        with path.open("rb") as file:
            catalogue = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
        found |= {MARKUP.sub("", text) for key, text in catalogue.items() if key and isinstance(text, str)}
    blankless = locale in ("ja", "zh_Hans", "th")
    return sorted(each for each in found if len(each.split()) >= 5 or (blankless and len(each) > 12))


def texts(folder: Path) -> list[tuple[str, int, str]]:
    """Return (language, words, text)."""
    random_, made = random.Random(2), []
    for locale in LOCALES:
        known = sentences(folder, locale)
        for length in LENGTHS:
            for _ in range(TEXTS if len(known) >= 10 else 0):
                random_.shuffle(known)
                text = ""
                for each in known:
                    text += each + " "
                    if len(text.split()) >= length or len(text) >= 6 * length:
                        break
                made.append((CODES.get(locale, locale), length, text))
    return made


def report(name: str, identified_by: Callable[[str], str], corpus: list[tuple[str, int, str]]) -> None:
    """Print one contender's figures."""
    begin = time.process_time()
    answers = [identified_by(text) for *_, text in corpus]
    microseconds = (time.process_time() - begin) / len(corpus) * 1e6
    shares = []
    for length in LENGTHS:
        pairs = [
            (language, answer) for (language, words, _), answer in zip(corpus, answers, strict=True) if words == length
        ]
        right = sum(language == answer for language, answer in pairs) / len(pairs)
        wrong = sum(answer not in (language, "") for language, answer in pairs) / len(pairs)
        shares.append(f"{length} words: {right:.3f} right, {wrong:.3f} wrong")
    print(f"{name:10} {microseconds:6.0f} us   " + "   ".join(shares))


def main() -> None:
    """Print the figures of both."""
    import django  # noqa: PLC0415
    import py3langid  # noqa: PLC0415

    corpus = texts(Path(django.__file__).parent)
    py3langid.classify("load the model")
    report("slipway", identify, corpus)
    report("py3langid", lambda text: CODES.get(code := py3langid.classify(text)[0], code), corpus)


if __name__ == "__main__":
    main()
