"""langchain: its general splitter with lengths in tokens, of a tokeniser trained here (none is downloaded)."""

import tokenizers
from langchain_text_splitters import RecursiveCharacterTextSplitter
from tokenizers.trainers import BpeTrainer


def run(documents: list[str]) -> list[list[str]]:
    """Return the chunks of each document: 300 tokens, 38 of overlap, which are about 1,200 and 150 characters."""
    splitter = RecursiveCharacterTextSplitter(
        chunk_size=300, chunk_overlap=38, length_function=lambda text: len(TOKENIZER.encode(text).ids)
    )
    return [splitter.split_text(text) for text in documents]


def _trained() -> tokenizers.Tokenizer:
    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel()
    words = (f"word{number % 977} part{number % 131}" for number in range(20_000))
    made.train_from_iterator(words, BpeTrainer(vocab_size=2_000, show_progress=False))
    return made


TOKENIZER = _trained()
