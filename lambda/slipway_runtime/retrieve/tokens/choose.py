"""Which tokenizer counts for a model."""

import functools
from typing import Literal

from slipway_runtime.retrieve.tokens.estimate import Estimate
from slipway_runtime.retrieve.tokens.tokenizer import Tokenizer
from slipway_runtime.retrieve.tokens.wordpiece import WordPiece

TokenizerName = Literal["bert-uncased", "estimate"]


@functools.cache
def tokenizer(name: TokenizerName) -> Tokenizer:
    """Return the tokenizer of that name; it remembers the words that it has seen."""
    return WordPiece() if name == "bert-uncased" else Estimate()
