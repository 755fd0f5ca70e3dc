import hashlib
import os
import random
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipway_runtime.prepare.duplicates import shingles as kernel
from slipway_runtime.prepare.duplicates.characters import ALONE, SEPARATOR, WORD, kinds
from slipway_runtime.prepare.duplicates.minhash import NOTHING, minhash, signatures
from slipway_runtime.prepare.duplicates.normal import digest, fold
from slipway_runtime.prepare.duplicates.similarity import shingle_set

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=200)
VOCABULARY = ["one", "two", "three", "four", "five", "six", "été", "Straße", "機械", "学習", "สวัสดี"]
SENTENCE = st.lists(st.sampled_from(VOCABULARY), max_size=12).map(" ".join)
MIX_1, MIX_2, ALL_BITS = 0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53, (1 << 64) - 1


def words(text: str) -> list[str]:
    """The words of a folded text, character by character: what the table of kinds means."""
    found: list[str] = []
    before = SEPARATOR
    for character in text:
        kind = int(kinds()[ord(character)])
        if kind == WORD and before == WORD:
            found[-1] += character
        elif kind in (WORD, ALONE):
            found.append(character)
        before = kind
    return found


def mixed(value: int) -> int:
    for factor in (MIX_1, MIX_2):
        value ^= value >> 33
        value = value * factor & ALL_BITS
    return value ^ value >> 33


def reference(text: str) -> set[int]:
    """The shingles in plain Python, as the module's docstring describes them."""
    draw = hashlib.shake_256(b"shingle").digest(40)
    factors = [int.from_bytes(draw[place : place + 8], "little") | 1 for place in range(0, 40, 8)]
    hashes = []
    for word in words(fold(text)):
        value = sum(ord(each) * pow(kernel.MULTIPLIER, at, 1 << 64) for at, each in enumerate(word))
        hashes.append(mixed(value & ALL_BITS))
    windows = [hashes[at : at + 5] for at in range(max(1, len(hashes) - 4))] if hashes else []
    return {mixed(sum(a * b for a, b in zip(window, factors, strict=False)) & ALL_BITS) for window in windows}


@given(st.one_of(ANY_TEXT, SENTENCE))
def test_the_kernel_does_what_plain_python_does(text: str) -> None:
    assert set(shingle_set(text).tolist()) == reference(text)


@given(st.lists(st.one_of(ANY_TEXT, SENTENCE), max_size=8))
def test_a_document_has_the_same_shingles_and_signature_in_any_batch(texts: list[str]) -> None:
    folded = [fold(text) for text in texts]
    together = kernel.shingles(folded)
    for place, text in enumerate(folded):
        assert together.of(place).tolist() == kernel.shingles([text]).of(0).tolist()
        assert signatures(folded)[place].tolist() == signatures([text])[0].tolist()


@given(st.lists(SENTENCE, max_size=30), st.integers(8, 200))
@settings(deadline=None)
def test_the_size_of_a_block_changes_nothing_where_words_are_shorter(texts: list[str], characters: int) -> None:
    folded = [fold(text) for text in texts]
    expected = signatures(folded)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel, "BLOCK_CHARACTERS", max(characters, 16))
        kernel._powers.cache_clear()
        found = signatures(folded)
    kernel._powers.cache_clear()
    assert found.tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("text", "number"),
    [("", 0), ("!!! … —", 0), ("one", 1), ("a b c d", 1), ("a b c d e", 1), ("a b c d e f", 2), ("機械学習入門", 2)],
)
def test_short_documents_have_one_shingle_and_wordless_ones_none(text: str, number: int) -> None:
    assert len(shingle_set(text)) == number
    assert (signatures([text])[0] == NOTHING).all() == (number == 0)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hello, World! This is it", "hello world -- this  is\nit"),
        ("Die Straße ist LANG heute", "die STRASSE ist lang heute"),
        ("un cafe\u0301 pour deux amis", "un café pour deux amis"),
        ("“Quoted” – and dashed — text", '"quoted" - and dashed - text'),
    ],
)
def test_case_punctuation_and_composition_make_no_difference(one: str, other: str) -> None:
    assert shingle_set(one).tolist() == shingle_set(other).tolist()


def test_normal_form_ignores_case_and_white_space_and_nothing_else() -> None:
    assert digest(" A\n\n b\tC ") == digest("a b c")
    assert digest("a b, c") != digest("a b c")
    assert digest("\ud800") == digest("\ud800 ")


def test_words_do_not_cross_documents() -> None:
    folded = ["a b c", "d e f"]
    assert [len(kernel.shingles(folded).of(place)) for place in (0, 1)] == [1, 1]


@pytest.mark.parametrize("seed", ["0", "4711"])
def test_other_processes_give_the_same_signatures(seed: str) -> None:
    """The value is written down: another platform, Python or numpy that gives another one breaks every index."""
    code = (
        "import hashlib; from slipway_runtime.prepare.duplicates.minhash import signatures, to_bytes;"
        "rows = signatures(['the quick brown fox jumps over the lazy dog', 'été 機械学習 sträße ok', 'a', '']);"
        "print(hashlib.sha256(b''.join(map(to_bytes, rows))).hexdigest()[:16])"
    )
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "0e59a9936e51475a"


def test_a_document_of_20_megabytes_takes_bounded_memory() -> None:
    rng = random.Random(5)
    vocabulary = ["".join(rng.choices("abcdefghij", k=rng.randint(2, 9))) for _ in range(5000)]
    text = " ".join(rng.choices(vocabulary, k=3_100_000))[:20_000_000]
    kernel.shingles(["warm up"])
    tracemalloc.start()
    found = kernel.shingles([text])
    row = minhash(found)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (row != NOTHING).all()
    assert peak < 10 * len(text)


@pytest.mark.parametrize("text", ["a" * 3_000_000, "機" * 1_000_000, "a," * 1_000_000, "\0" * 1_000_000])
def test_texts_without_spaces_are_read_in_blocks(text: str) -> None:
    assert np.array_equal(shingle_set(text), shingle_set(text + " "))
