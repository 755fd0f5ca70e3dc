"""Tokens are counted as the models count them, or with a margin where that is not published."""

import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from slipway_local.bedrock.minilm import weights_folder
from slipway_runtime.retrieve.tokens.choose import tokenizer

pytestmark = pytest.mark.capability("R7")


def is_old(letter: str) -> bool:
    """Whether the Rust crate's Unicode has the letter: its newest punctuation is younger than the crate."""
    return unicodedata.ucd_3_2_0.category(letter) != "Cn"


# Letters of scripts whose classes have not changed since the Unicode of the Rust crate.
TEXT = st.text(
    st.one_of(
        st.characters(max_codepoint=0x2FFF, exclude_categories=("Cc", "Cn", "Cs", "Co", "Cf")).filter(is_old),
        st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5),
        st.sampled_from("  \n\tabcdefghijklmnopqrstuvwxyzABC0123456789.,;:'-—東京é\u0301ßΣ"),
    ),
    max_size=200,
)
DOCS = sorted((Path(__file__).parents[3] / "docs").glob("*.md"))


@pytest.fixture(scope="module")
def reference() -> Any:
    found: Any = Tokenizer.from_file(str(weights_folder() / "tokenizer.json"))
    found.no_padding()
    found.no_truncation()
    return found


def reference_count(reference: Any, text: str) -> int:
    return len(reference.encode(text, add_special_tokens=False).ids)


@given(text=TEXT)
def test_wordpiece_counts_as_the_reference_does(reference: Any, text: str) -> None:
    assert tokenizer("bert-uncased").count(text) == reference_count(reference, text)


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_real_pages_have_the_tokens_of_the_reference_and_the_estimate_is_above(reference: Any, path: Path) -> None:
    text = path.read_text()
    exact = reference_count(reference, text)
    assert tokenizer("bert-uncased").count(text) == exact
    assert exact <= tokenizer("estimate").count(text) <= 1.5 * exact


@pytest.mark.parametrize(
    "text",
    [
        "Größe naïve İstanbul ΣΑΣ",
        "東京タワー は 赤い。",
        "e\u0301te\u0301 ﬁne ½ x²",
        "a" * 101,
        "a" * 100,
        "한국어 텍스트",
    ],
)
def test_scripts_and_long_words(reference: Any, text: str) -> None:
    assert tokenizer("bert-uncased").count(text) == reference_count(reference, text)


@given(TEXT)
@pytest.mark.parametrize("name", ["bert-uncased", "estimate"])
def test_every_token_begins_somewhere_in_order(name: Any, text: str) -> None:
    starts = tokenizer(name).starts(text)
    assert len(starts) == tokenizer(name).count(text)
    assert starts == sorted(starts)
    assert all(0 <= start < len(text) for start in starts)


@given(st.lists(st.text(st.characters(exclude_categories=("Z", "Cc", "Cs")), min_size=1), max_size=40))
def test_a_text_has_at_most_five_bytes_for_each_estimated_token(words: list[str]) -> None:
    """So a limit of bytes can be kept by an estimate of tokens, and no tokenizer makes more tokens than bytes."""
    text = " ".join(words)
    assert len(text.encode()) <= 5 * tokenizer("estimate").count(text)


def test_english_prose_has_fewer_characters_a_token_than_aws_says_of_titan() -> None:
    # https://docs.aws.amazon.com/bedrock/latest/userguide/titan-embedding-models.html: 4.7 characters on average
    text = " ".join(line for path in DOCS for line in path.read_text().splitlines() if line[:1].isalpha())
    assert len(text) / tokenizer("estimate").count(text) < 4.7
