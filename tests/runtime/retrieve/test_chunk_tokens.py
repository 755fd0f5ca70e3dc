"""Chunks by tokens keep an exact budget; tables keep their header; every chunk lies in its parent."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.retrieve.test_chunk import LINES, document
from slipway_runtime.retrieve.chunk import Chunk, ChunkSettings, chunk
from slipway_runtime.retrieve.tokens.choose import TokenizerName, tokenizer

pytestmark = pytest.mark.capability("R7")
NAMES = st.sampled_from(["bert-uncased", "estimate"])
ROWS = st.lists(st.text(alphabet="ab c1", max_size=30), min_size=1, max_size=60)


def chunks(text: str, tokens: int = 64, overlap: int = 16, name: TokenizerName = "bert-uncased", **more: Any) -> list:
    settings = ChunkSettings(
        max_characters=1200, overlap_characters=0, max_tokens=tokens, overlap_tokens=overlap, tokenizer=name, **more
    )
    return chunk(document(text), settings)


def check(text: str, found: list[Chunk], tokens: int, name: TokenizerName) -> None:
    covered = [False] * len(text)
    for index, piece in enumerate(found):
        assert piece.ordinal == index
        assert text[piece.start : piece.end] == piece.content[piece.repeated :]
        assert tokenizer(name).count(piece.content) <= tokens
        assert 0 < len(piece.content) <= 8_000
        assert piece.content.strip()
        covered[piece.start : piece.end] = [True] * (piece.end - piece.start)
    assert all(done or character.isspace() for done, character in zip(covered, text, strict=True))
    for spans in ([piece.start for piece in found], [piece.end for piece in found]):
        assert spans == sorted(set(spans))


@given(LINES, st.integers(32, 120), st.integers(0, 16), NAMES)
def test_no_chunk_has_more_tokens_than_allowed(lines: list[str], tokens: int, overlap: int, name: Any) -> None:
    text = "\n".join(lines)
    check(text, chunks(text, tokens, overlap, name), tokens, name)


@given(st.text(max_size=1_500), st.integers(32, 60), NAMES)
def test_words_that_have_to_be_cut_keep_the_budget_too(text: str, tokens: int, name: Any) -> None:
    check(text, chunks(text, tokens, 8, name), tokens, name)


@given(ROWS, st.integers(32, 100), st.integers(0, 16), NAMES)
def test_a_table_that_is_split_repeats_its_header(rows: list[str], tokens: int, overlap: int, name: Any) -> None:
    head = "| name | city |\n| --- | --- |\n"
    text = "Before.\n\n" + head + "\n".join(f"| {row} | x |" for row in rows) + "\n\nAfter."
    found = chunks(text, tokens, overlap, name)
    check(text, found, tokens, name)
    end = text.index("\n\nAfter")
    fits = tokenizer(name).count(head) <= tokens / 4
    for piece in found:
        if text.index(head) + len(head) <= piece.start < end and fits and text[piece.start - 1] == "\n":
            row = text[piece.start : text.index("\n", piece.start)]
            if tokenizer(name).count(head + row) <= tokens:
                assert piece.content.startswith(head)
                assert piece.repeated == len(head)


def test_a_whole_table_repeats_nothing() -> None:
    [piece] = chunks("| a | b |\n| --- | --- |\n| 1 | 2 |")
    assert piece.repeated == 0


@given(LINES, st.integers(200, 1_000))
def test_each_chunk_lies_in_a_parent_of_its_section(lines: list[str], parent: int) -> None:
    text = "\n".join(lines)
    found = chunks(text, parent_characters=parent)
    for piece in found:
        assert piece.parent is not None
        start, end = piece.parent
        assert start <= piece.start < piece.end <= end
        assert end - start <= parent + len(piece.content)
    assert all(piece.parent is None for piece in chunks(text))


def test_a_short_section_is_the_parent_of_all_its_chunks() -> None:
    text = "# One\n\n" + "This sentence is here again. " * 30 + "\n\n# Two\n\nShort."
    found = chunks(text, parent_characters=4_000)
    assert len(found) > 3
    assert {piece.parent for piece in found[:-1]} == {(0, text.index(" \n\n# Two"))}
    assert found[-1].parent == (text.index("# Two"), len(text))


def test_settings_that_cannot_be_are_refused_and_name_the_lineage() -> None:
    with pytest.raises(ValueError, match="max_tokens is 8"):
        ChunkSettings(max_characters=200, overlap_characters=0, max_tokens=8)
    with pytest.raises(ValueError, match="overlap_tokens is 40"):
        ChunkSettings(max_characters=200, overlap_characters=0, max_tokens=64, overlap_tokens=40)
    by_characters = ChunkSettings(max_characters=200, overlap_characters=20)
    by_tokens = ChunkSettings(max_characters=200, overlap_characters=20, max_tokens=64, tokenizer="bert-uncased")
    assert (by_characters.version, by_tokens.version) == ("200-20", "64-0-bert-uncased")
