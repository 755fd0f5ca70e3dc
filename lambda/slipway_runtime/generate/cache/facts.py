"""A guard beside the embedding: two questions that say different things in almost the same words have close vectors.

Numbers, names, negations, directions, and a word that stands where another stood: these decide what is asked, and an
embedding hardly sees them. The guard only ever refuses a hit.
Source: Schroeder et al., "vCache: Verified Semantic Prompt Caching", arXiv 2502.03771: why one threshold is not enough.
"""

from __future__ import annotations

import re
from typing import NamedTuple

TOKEN = re.compile(r"\d+(?:[.,:/-]\d+)*%?|[^\W\d_]+(?:['’][^\W\d_]+)?\d*|[€$£¥%]")


def _words(text: str) -> list[str]:
    return text.split()


SPELT = _words("zero one two three four five six seven eight nine ten eleven twelve")
NUMBERS = {word: str(number) for number, word in enumerate(SPELT)}
NEGATIONS = frozenset(
    _words(
        "no not never none nobody nothing nor neither cannot without except unless kein keine keinen keiner nicht nie "
        "ohne pas jamais sans aucun non nunca sin ningun"
    )
)
OPPOSITES = (
    "before/after enable/disable off min/max minimum/maximum lowest/highest smallest/largest increase/decrease "
    "start/stop open/close add/remove create/delete buy/sell send/receive import/export upload/download above/"
    "below under less least allow/forbid include/exclude incoming/outgoing internal/external public/private old "
    "earliest/latest cheapest/dearest past/future inside/outside lock/unlock install/uninstall subscribe/unsubscribe "
    "encrypt/decrypt accept/reject gain/lose win hot/cold monthly/yearly daily/weekly weekdays/weekends morning/evening"
)
DIRECTIONS = frozenset(_words(OPPOSITES.replace("/", " ")))
# What may be swapped without another meaning; everything else that is swapped alone is taken for another question.
STOP = frozenset(
    _words(
        "a an the of for to in on at by with is are was were be been do does did can could should would will may might "
        "i we you my our your me us it its this that these those there here what which who whom whose how why when "
        "where please tell show give explain say have has had get and or if about into any some much many need want "
        "know let so just actually exactly kindly quickly hello hi hey thanks like as am from out there's what's i'd "
        "i'm s re"
    )
)
SWAPPED = 2


class Facts(NamedTuple):
    """What of a question must be the same in another one for its answer to be given."""

    numbers: tuple[str, ...]
    names: frozenset[str]
    negations: int
    directions: frozenset[str]
    words: frozenset[str]


def facts(question: str) -> Facts:
    """Return the facts of a question."""
    tokens = [match.group() for match in TOKEN.finditer(question)]
    lower = [token.lower().replace("’", "'") for token in tokens]
    names = {
        _stem(small)
        for at, (token, small) in enumerate(zip(tokens, lower, strict=True))
        if token[0].isalpha() and small not in STOP and _is_name(token, first=at == 0)
    }
    content = {_stem(word) for word in lower if word not in STOP and not word[0].isdigit() and word not in NUMBERS}
    return Facts(
        tuple(sorted(NUMBERS.get(word, word) for word in lower if word[0].isdigit() or word in NUMBERS)),
        frozenset(names),
        sum(word in NEGATIONS or word.endswith("n't") for word in lower) % 2,
        frozenset(word for word in lower if word in DIRECTIONS),
        frozenset(content),
    )


def agree(one: Facts, other: Facts) -> bool:
    """Return whether nothing speaks against the two questions being the same."""
    if (one.numbers, one.negations, one.directions) != (other.numbers, other.negations, other.directions):
        return False
    # A name may be written small in one of them, but it must stand there.
    if not (one.names <= other.words and other.names <= one.words):
        return False
    mine, theirs = one.words - other.words, other.words - one.words
    shared = len(one.words & other.words)
    # A word or two in place of others, and the rest the same: "phone number of the office", "address of the office".
    return not (mine and theirs and shared and max(len(mine), len(theirs)) <= SWAPPED)


def _is_name(token: str, *, first: bool) -> bool:
    inner = token[1:]
    if any(each.isdigit() or each.isupper() for each in inner):
        return True
    return token[0].isupper() and not first


def _stem(word: str) -> str:
    """Return a word without the commonest endings, so that its forms count as one."""
    word = word.removesuffix("'s")
    for ending in ("ing", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
