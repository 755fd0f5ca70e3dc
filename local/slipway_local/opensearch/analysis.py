"""The analyzer `english`: words, without possessives and stop words, stemmed.

Words are runs of letters and digits; Lucene's StandardTokenizer follows Unicode's word boundaries, which keep `3.5` and
`can't` whole and make each ideograph a word, as here.
Source: https://docs.opensearch.org/latest/analyzers/language-analyzers/english/
"""

import re

from slipway_local.opensearch.porter import stem

WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|\d+(?:[.,]\d+)+|[^\W_]+(?:['\u2019.][^\W\d_]+)*")
MAX_CHARACTERS = 255
STOP = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be but by for if in into is it no not of on or such that the their then there these they "
        "this to was will with",
    )
)


def english(text: str) -> list[str]:
    """Return the terms of a text, in their order."""
    words = (word.lower() for word in WORD.findall(text))
    whole = (re.sub("['\u2019]s$", "", word) for word in words)
    cut = (word[at : at + MAX_CHARACTERS] for word in whole for at in range(0, len(word), MAX_CHARACTERS))
    return [stem(word) for word in cut if word not in STOP]
