"""A guard beside the embedding: two questions that say different things in almost the same words have close vectors.

Each word that decides what is asked must stand in both questions, itself or one that asks for the same. The guard only
ever refuses a hit. It does not see who does what to whom where all words are the same.
Source: Schroeder et al., "vCache: Verified Semantic Prompt Caching", arXiv 2502.03771: why one threshold is not enough.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from slipway_runtime.generate.cache.asked import asked
from slipway_runtime.generate.cache.synonyms import alike, stem

TOKEN = re.compile(r"\d+(?:[.,:/-]\d+)*%?|[^\W\d_]+(?:'[^\W\d_]+)?\d*|[€$£¥%]")


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
# What says nothing of what is asked.
STOP = frozenset(
    _words(
        "a an the of for to in on at by with is are was were be been being do does did can could should would will may "
        "might i we you my our your me us it its they their he she this that these those there here what which who "
        "whom whose how why when where then than please tell give explain say have has had go going come came work "
        "happen and or if about into any some much many each every one anyone someone anybody somebody want know let "
        "so just also actually exactly currently really kindly quickly hello hi hey thanks like as am from out up per "
        "s re i'd i'm i'll there's what's possible able allowed permitted period last format version type kind sort "
        "enough whole got both"
    )
)
# What one of two questions may say beside the other, where the other says nothing in its place.
OPTIONAL = frozenset(
    stem(word)
    for word in _words(
        "get receive take make need must should require necessary hand submit use apply offer provide exist serve run "
        "team department group course class file app program product person people member money amount rate company "
        "office building system service document page item thing place list detail information option part number "
        "name year usual normal standard official total actual current available valid right correct own certain "
        "given single general"
    )
)
# After these a value is where something begins, or where it ends.
ENDS = {"from": "from", "to": "to", "into": "to"}


class Facts(NamedTuple):
    """What of a question must be the same in another one for its answer to be given.

    `asked`: the kinds of answer; `words`: in their order, without those that say nothing; `ends`: the values by `ENDS`.
    """

    asked: frozenset[str]
    numbers: tuple[str, ...]
    names: frozenset[str]
    negations: int
    words: tuple[str, ...]
    ends: dict[str, frozenset[str]]


def facts(question: str) -> Facts:
    """Return the facts of a question."""
    plain = question.replace("’", "'")
    tokens = TOKEN.findall(plain)
    lower = [token.lower() for token in tokens]
    names = frozenset(
        stem(small)
        for at, (token, small) in enumerate(zip(tokens, lower, strict=True))
        if token[0].isalpha() and small not in STOP and _is_name(token, first=at == 0)
    )
    kinds, rest = asked(plain.lower())
    said = [stem(word) for word in TOKEN.findall(rest) if word not in STOP and not _is_number(word)]
    return Facts(
        kinds,
        tuple(NUMBERS.get(word, word) for word in lower if _is_number(word)),
        names,
        sum(word in NEGATIONS or word.endswith("n't") for word in lower) % 2,
        # Of a question that says nothing by itself, such as "How does it work?", all words count.
        tuple(said or lower),
        _ends(lower, names),
    )


def agree(one: Facts, other: Facts) -> bool:
    """Return whether nothing speaks against the two questions being the same."""
    if (one.numbers, one.negations) != (other.numbers, other.negations):
        return False
    if one.asked and other.asked and not one.asked & other.asked:
        return False
    # A name may be written small in one of them, but it must stand there, and several in one order.
    names = one.names | other.names
    if [word for word in one.words if word in names] != [word for word in other.words if word in names]:
        return False
    if any(values != other.ends[kind] for kind, values in one.ends.items() if kind in other.ends):
        return False
    mine, theirs = _alone(one, other), _alone(other, one)
    return not (mine and theirs) and OPTIONAL.issuperset(mine | theirs)


def _alone(one: Facts, other: Facts) -> set[str]:
    """Return the words of one that the other says in no way."""
    return {word for word in one.words if not any(alike(word, each) for each in other.words)}


def _ends(words: list[str], names: frozenset[str]) -> dict[str, frozenset[str]]:
    """Return the names and numbers after each word of ENDS that the question has."""
    found: dict[str, set[str]] = {}
    for at, word in enumerate(words):
        if kind := ENDS.get(word):
            after = next((each for each in words[at + 1 :] if each not in ("a", "an", "the")), "")
            value = stem(after) in names or after[:1].isdigit()
            found.setdefault(kind, set()).update([stem(after)] if value else [])
    return {kind: frozenset(values) for kind, values in found.items()}


def _is_number(word: str) -> bool:
    return word[0].isdigit() or word in NUMBERS


def _is_name(token: str, *, first: bool) -> bool:
    inner = token[1:]
    if any(each.isdigit() or each.isupper() for each in inner):
        return True
    return token[0].isupper() and not first
