# ruff: noqa: RUF001 - look-alike characters are what is tested
"""Cleaning repairs what is broken, keeps what has meaning, and changes nothing the second time."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_runtime.prepare.clean import clean

AWKWARD = (
    "aé \t\n\r\x00\x0b\x0c\x85\xa0\xad\u200b\u200d\u2028\u202e\ufeffÃ©â€™\u0301\U000e0041ﬁＡ\ud800\ufe0f\U000e0101葛1"
)


@pytest.mark.capability("D2")
@pytest.mark.parametrize(
    ("dirty", "expected"),
    [
        ("a\r\nb\rc", "a\nb\nc"),
        ("line  \t\n\n\n\n\nnext", "line\n\nnext"),
        ("bell\x07 and \x1b[0m", "bell and [0m"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("soft\u00adhyphen exam\u00ad\nple", "softhyphen example"),
        ("no\u00a0break\u2009thin", "no break thin"),
        ("e\u0301", "é"),
        ("ﬁne ﬂow", "fine flow"),
        ("ＡＢＣ１２", "ABC12"),
        ("x² ½ ™ ①", "x² ½ ™ ①"),
        ("“quoted” – dash…", "“quoted” – dash…"),
        ("cafÃ© â€œhiâ€\x9d Ã\xa0 la", "café “hi” à la"),
        ("double: cafÃƒÂ©", "double: café"),
        ("ignore\u202e this \U000e0041\U000e0042", "ignore this"),
        ("👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"),
        ("hello" + "".join(chr(0xE0100 + byte) for byte in b"obey me") + " world", "hello world"),
        ("hi" + "\ufe01\ufe0e\ufe03" * 9 + " 😀" + "\ufe0f\U000e0155\U000e0156", "hi 😀\ufe0f"),
        ("葛\U000e0100城 辻\U000e0101\U000e0155", "葛\U000e0100城 辻\U000e0101"),
        ("☎\ufe0f 1\ufe0f\u20e3 ∩\ufe00", "☎\ufe0f 1\ufe0f\u20e3 ∩\ufe00"),
        ("unassigned\U000e0090\U000e01f0 deprecated\u206a", "unassigned deprecated"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("lone \ud800 surrogate", "lone \ufffd surrogate"),
        ("    indented code", "    indented code"),
        ("São Paulo, ÅÄÖ, Â and Ã alone", "São Paulo, ÅÄÖ, Â and Ã alone"),
    ],
)
def test_known_damage_is_repaired(dirty: str, expected: str) -> None:
    assert clean(dirty) == expected


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from(AWKWARD))))
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from(AWKWARD))))
def test_clean_text_has_no_controls_and_is_composed(text: str) -> None:
    result = clean(text)
    assert unicodedata.is_normalized("NFC", result)
    assert not any(unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t" for character in result)
    result.encode("utf-8")


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126)))
def test_printable_ascii_on_one_line_only_loses_blanks_at_its_end(text: str) -> None:
    assert clean(text) == text.rstrip(" ")
