"""datatrove's filter, with an index made by its own functions: its indexer needs another package for its tasks.

Words are cut at white space: its own tokeniser, of another package, is about ten times as slow as all the rest.
"""

from datatrove.data import Document
from datatrove.pipeline.decont import n_grams as steps
from datatrove.utils.text import ngrams, simplify_text
from loguru import logger

logger.remove()
NGRAM = 13


class WhiteSpace:
    """The part of a word tokeniser that the filter needs."""

    def word_tokenize(self, text: str) -> list[str]:
        """Return the words of a text."""
        return text.split()


def run(rows: list[dict]) -> list[int]:
    """Return the places of what is left out."""
    steps.load_word_tokenizer = lambda _language: WhiteSpace()
    found = steps.NGramsDecontFilter(".", config=steps.NGramsDecontConfig(n_grams=NGRAM))
    found._index_hashes = {
        found.hash_func(" ".join(ngram)): "set"
        for row in rows
        if row["item"]
        for ngram in ngrams(simplify_text(row["text"], found.config.norm_config).split(), NGRAM)
    }
    documents = [row["text"] for row in rows if not row["item"]]
    return [place for place, text in enumerate(documents) if found.filter(Document(text=text, id="")) is not True]
