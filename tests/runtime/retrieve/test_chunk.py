"""Chunks follow the structure, keep within their limits, and point exactly into the text."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_runtime.prepare.document import PreparedDocument
from slipway_runtime.prepare.prepare import headings, prepare
from slipway_runtime.prepare.rejected import Rejected
from slipway_runtime.retrieve.chunk import Chunk, ChunkSettings, chunk

LINES = st.lists(
    st.one_of(
        st.sampled_from(["", "", "```", "# One", "## Two", "### Three", "| a | b |", "- item", "    code", "~~~"]),
        st.text(alphabet="ab .!?\t", max_size=60),
        st.text(max_size=300),
        st.integers(100, 2_000).map(lambda size: "x" * size),
    ),
    max_size=40,
)


def document(text: str, pages: list[tuple[int, int]] | None = None) -> PreparedDocument:
    return PreparedDocument(
        text=text, title="t", media_type="text/markdown", pages=pages or [], headings=headings(text)
    )


def chunks(text: str, size: int = 200, overlap: int = 40) -> list[Chunk]:
    return chunk(document(text), ChunkSettings(max_characters=size, overlap_characters=overlap))


@given(LINES, st.integers(100, 400), st.integers(0, 50))
def test_chunks_cover_the_text_within_bounds_and_by_exact_offsets(lines: list[str], size: int, overlap: int) -> None:
    text = "\n".join(lines)
    found = chunks(text, size, overlap)
    covered = [False] * len(text)
    for index, piece in enumerate(found):
        assert piece.ordinal == index
        assert text[piece.start : piece.end] == piece.content
        assert 0 < len(piece.content) <= size
        assert piece.content.strip()
        covered[piece.start : piece.end] = [True] * (piece.end - piece.start)
    assert all(done or character.isspace() for done, character in zip(covered, text, strict=True))
    starts = [piece.start for piece in found]
    assert starts == sorted(set(starts))
    ends = [piece.end for piece in found]
    assert ends == sorted(set(ends))


@given(LINES)
def test_a_chunk_never_reaches_into_the_next_heading(lines: list[str]) -> None:
    text = "\n".join(lines)
    marks = [heading.offset for heading in headings(text)]
    for piece in chunks(text):
        inside = [mark for mark in marks if piece.start < mark < piece.end]
        # Only headings without text of their own may stand above the one that has it.
        gaps = [text[a:b].split("\n", 1)[-1].strip() for a, b in zip([piece.start, *inside], inside, strict=False)]
        assert all(not gap for gap in gaps)


def test_the_heading_path_follows_the_levels() -> None:
    blocks = ["Intro.", "# A", "Under a.", "## B", "Under b.", "### C", "#### D", "Under d.", "## E", "Under e."]
    text = "\n\n".join([*blocks, "# F", "Under f."])
    assert [(piece.heading, piece.content.splitlines()[-1]) for piece in chunks(text)] == [
        ("", "Intro."),
        ("A", "Under a."),
        ("A > B", "Under b."),
        ("A > B > C > D", "Under d."),
        ("A > E", "Under e."),
        ("F", "Under f."),
    ]


def test_tables_and_code_stay_whole_where_they_fit() -> None:
    table = "\n".join(f"| row {index} | value |" for index in range(6))
    code = "```python\n" + "\n".join(f"line_{index} = {index}" for index in range(8)) + "\n\nafter_blank = 1\n```"
    text = f"{'Some words here. ' * 8}\n\n{table}\n\n{'More words here. ' * 8}\n\n{code}\n\nEnd."
    found = [piece.content for piece in chunks(text, 220, 40)]
    assert any(table in content for content in found)
    assert any(code in content for content in found)


def test_a_table_that_does_not_fit_is_cut_between_rows() -> None:
    text = "\n".join(f"| row {index:03} | some value |" for index in range(60))
    for piece in chunks(text, 200, 0):
        assert all(line.startswith("| row") and line.endswith("|") for line in piece.content.splitlines())


def test_prose_is_cut_at_sentences_and_overlaps_by_whole_ones() -> None:
    text = " ".join(f"This is sentence number {index}." for index in range(30))
    found = chunks(text, 200, 60)
    for before, after in itertools.pairwise(found):
        assert before.content.endswith(".")
        assert after.content.startswith("This")
        assert 0 < before.end - after.start <= 60


def test_a_huge_single_line_is_cut_at_blanks_and_without_any_at_the_limit() -> None:
    words = chunks("word " * 200_000, 1_000, 100)
    assert len(words) >= 1_000
    assert all(re.fullmatch(r"(word ?)+", piece.content) for piece in words[:50])
    assert max(len(piece.content) for piece in chunks("x" * 100_000, 1_000, 100)) == 1_000


def test_each_chunk_has_the_page_it_stands_on(make_pdf) -> None:
    pages = [[f"Page {name} line {index}." for index in range(20)] for name in ("one", "two", "three")]
    prepared = prepare(make_pdf(pages), "a.pdf")
    for piece in chunk(prepared, ChunkSettings(max_characters=200, overlap_characters=50)):
        assert f"Page {['one', 'two', 'three'][(piece.page or 0) - 1]} " in piece.content


def test_settings_out_of_range_are_refused() -> None:
    for size in (10, 8_001):
        with pytest.raises(ValueError, match="max_characters"):
            ChunkSettings(max_characters=size, overlap_characters=0)
    with pytest.raises(ValueError, match="overlap_characters"):
        ChunkSettings(max_characters=200, overlap_characters=150)


@pytest.mark.parametrize("text", ["# A\n\nx\n\n" * 4_001, "A sentence. " * 40_000], ids=["headings", "length"])
def test_a_document_of_too_many_chunks_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(Rejected, match="4000 chunks of up to 100 characters; split it") as caught:
        chunks(text, 100, 0)
    assert caught.value.code == "too_many_chunks"
    assert len(chunks("# A\n\nx\n\n" * 4_000, 100, 0)) == 4_000
