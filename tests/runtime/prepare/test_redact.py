# ruff: noqa: RUF001 - look-alike characters are what is tested
"""Personal data and secrets give way to placeholders, and nothing else does."""

import importlib.util
from pathlib import Path

import pytest

from slipway_runtime.prepare.prepare import prepare
from slipway_runtime.prepare.redact.redact import Redact
from slipway_runtime.prepare.redact.span import STRENGTH, Span, resolve
from slipway_runtime.prepare.rules.base import RuleSet

spec = importlib.util.spec_from_file_location("redact_cases", Path(__file__).with_name("redact_cases.py"))
cases = importlib.util.module_from_spec(spec)
spec.loader.exec_module(cases)

ALL = frozenset(STRENGTH) - {"name"}
RULE = Redact(kinds=ALL)
EVERY = [(kind, value) for kind, values in cases.GONE.items() for value in values]


@pytest.mark.capability("D3")
@pytest.mark.parametrize(("kind", "value"), EVERY, ids=[value[:24] for _, value in EVERY])
@pytest.mark.parametrize("frame", ["{}", "Please use {} for this.", "({}), or", "line\n{}\nline", "größer {}; weiter"])
def test_each_form_of_each_kind_goes(kind: str, value: str, frame: str) -> None:
    text, counts = RULE.rewrite(frame.format(value))
    assert f"[{kind.upper()}]" in text
    assert value.rsplit(maxsplit=1)[-1] not in text
    assert counts[kind] >= 1
    assert RULE.rewrite(text) == (text, {})


@pytest.mark.capability("D3")
@pytest.mark.parametrize(("text", "value"), cases.ASSIGNED.items())
def test_the_value_of_a_telling_name_goes_and_the_name_stays(text: str, value: str) -> None:
    redacted, counts = RULE.rewrite(text)
    assert value not in redacted
    assert redacted.startswith(text[:4])
    assert counts["secret"] == 1
    assert RULE.rewrite(redacted) == (redacted, {})


@pytest.mark.parametrize("text", cases.STAYS)
@pytest.mark.parametrize("frame", ["{}", "Please see {} for this."])
def test_what_only_looks_like_it_stays(text: str, frame: str) -> None:
    assert RULE.rewrite(frame.format(text)) == (frame.format(text), {})


def test_only_the_kinds_asked_for_go() -> None:
    for kind in ALL:
        for value in cases.GONE[kind]:
            others = Redact(kinds=ALL - {kind}).rewrite(value)[0]
            assert f"[{kind.upper()}]" not in others


def test_hyphens_of_typesetting_are_hyphens() -> None:
    assert RULE.rewrite("call 415\u2011555\u20110134 now")[0] == "call [PHONE] now"


CARD = "4111111111111111"


def in_digits_from(zero: int) -> str:
    return "".join(chr(zero + int(digit)) for digit in CARD)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        *((in_digits_from(zero), "CARD") for zero in (0x660, 0x6F0, 0x966, 0xFF10, 0x1D7CE, 0x1D7F6)),
        *(
            (f"4111{hidden}1111{hidden}1111{hidden}1111", "CARD")
            for hidden in "\u200d\u200c\ufe0f\u034f\u3164\u2800\u17b4"
        ),
        ("4111\u200c 1111 \u200d1111 1111", "CARD"),
        ("4111·1111·1111·1111", "CARD"),
        ("4111&nbsp;1111&nbsp;1111&#160;1111", "CARD"),
        ("4111&#49;11111111111", "CARD"),
        ("&#52;11111111111111&#x31;", "CARD"),
        ("4\u20e31\ufe0f\u20e311111111111111", "CARD"),
        ("anna＠example.com", "EMAIL"),
        ("anna\u200c@exam\u034fple.com", "EMAIL"),
        ("+\u0664\u0669 \u0663\u0660 \u0669\u0660\u0661\u0668\u0662\u0660", "PHONE"),
    ],
)
@pytest.mark.parametrize("frame", ["{}", "کارت: {} \u200cپایان", "a\u200db &amp; {} c\ufe0fd"])
def test_other_digits_and_what_nobody_sees_are_no_hiding_place(value: str, kind: str, frame: str) -> None:
    expected = frame.format(f"[{kind}]")
    assert RULE.rewrite(frame.format(value)) == (expected, {kind.lower(): 1})


def test_what_nobody_sees_is_no_hiding_place_for_passwords_and_stays_elsewhere() -> None:
    text = "می\u200cخواهم pass\u200cword: hunter2!x9 👩\u200d👧 password：hunter22x，و"
    assert RULE.rewrite(text)[0] == "می\u200cخواهم pass\u200cword: [SECRET] 👩\u200d👧 password：[SECRET]，و"
    for benign in ("col·lecció 2·3 &amp; x", "۱۴۰۲/۰۵/۱۲", "👩\u200d👩\u200d👧 1\ufe0f\u20e3 2\ufe0f\u20e3"):
        assert RULE.rewrite(benign) == (benign, {})


def test_the_same_value_in_other_digits_has_the_same_number() -> None:
    rule = Redact(kinds=ALL, placeholders="numbered")
    assert rule.rewrite(f"{CARD}, {in_digits_from(0x660)}, 4111\u200d111111111111")[0] == "[CARD_1], [CARD_1], [CARD_1]"


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("a.json", '{"password": "correct horse 9\\" staple"}', 'password: "[SECRET]"'),
        (
            "a.csv",
            "n,password\nx,a b;c9\ny,p;w9d#xyz!",
            'Row 2: n = x; password = "[SECRET]"\nRow 3: n = y; password = [SECRET]',
        ),
    ],
)
def test_a_secret_of_several_words_goes_whole_from_records(name: str, data: str, text: str) -> None:
    assert prepare(data.encode(), name, rules=RuleSet(text_rules=(RULE,))).text.startswith(text)


def test_numbered_placeholders_tell_values_apart_within_a_document_and_begin_anew_in_the_next() -> None:
    rules = RuleSet(text_rules=(Redact(kinds=ALL, placeholders="numbered"),))
    text = b"# A\n\na@example.com, b@example.com, A@example.com\n\n4111 1111 1111 1111 or 4111111111111111"
    first = prepare(text, "a.md", rules=rules)
    assert first.text == "# A\n\n[EMAIL_1], [EMAIL_2], [EMAIL_1]\n\n[CARD_1] or [CARD_1]"
    assert first.counts == {"redact.card": 2, "redact.email": 3}
    assert prepare(text, "a.md", rules=rules) == first


def test_overlaps_become_one_named_by_the_better_proof() -> None:
    assert resolve([Span(4, 9, "phone"), Span(0, 6, "card"), Span(12, 14, "ip")]) == [
        Span(0, 9, "card"),
        Span(12, 14, "ip"),
    ]


def test_the_title_goes_through_it_too() -> None:
    document = prepare(b"some text", "anna@example.com.txt", rules=RuleSet(text_rules=(RULE,)))
    assert document.title == "[EMAIL]"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.html", b"<html><head><title>About anna@example.com</title></head><body><p>some text</p></body></html>"),
        ("a.md", b"---\ntitle: About anna@example.com\n---\nsome text"),
        ("a.md", b"# About anna@example.com\n\nsome text"),
    ],
)
def test_the_title_that_a_document_has_of_its_own_goes_through_it_too(name: str, data: bytes) -> None:
    assert prepare(data, name, rules=RuleSet(text_rules=(RULE,))).title == "About [EMAIL]"


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("a.html", b"<p>card 4111<br>1111<br>1111<br>1111 it is</p>", "card [CARD] it is"),
        ("a.csv", b"key,value\npassword,hunter22x\n", "Row 2: key = password; value = [SECRET]"),
        ("a.json", b'{"name": "password", "value": "hunter22x"}', "name: password\nvalue: [SECRET]"),
        ("a.json", b'{"Authorization": "Bearer abcdefghijkl"}', 'Authorization: "Bearer [SECRET]"'),
        ("a.md", b"write to jo\\@example.org now", "write to [EMAIL] now"),
    ],
)
def test_what_a_format_puts_between_is_no_hiding_place(name: str, data: bytes, text: str) -> None:
    assert text in prepare(data, name, rules=RuleSet(text_rules=(RULE,))).text


def test_an_empty_line_ends_a_column() -> None:
    column = "4111\n1111\n1111\n1111"
    assert RULE.rewrite(f"4111111111111111\n\n{column}") == ("[CARD]\n\n[CARD]", {"card": 2})
    assert RULE.rewrite(f"17\n{column}") == (f"17\n{column}", {})


def test_the_cells_of_a_row_are_no_hiding_place() -> None:
    page = b"<table><tr><td>4111</td><td>1111</td><td>1111</td><td>1111</td></tr></table>"
    document = prepare(page, "a.html", rules=RuleSet(text_rules=(RULE,)))
    assert "1111" not in document.text
    assert document.counts == {"redact.card": 1}


@pytest.mark.capability("D3")
@pytest.mark.parametrize(
    ("text", "redacted"),
    {
        "10.62.251.245  ES97-2491-6579-5133-6022-4727": "[IP]  [IBAN]",
        "206-62-8736  554210  GB63-IYHS-9488-2877-1527-77": "[SSN]  554210  [IBAN]",
        "5563 9346 2905 4899  664-616-6089": "[CARD]  [PHONE]",
        "gb07jxlf12585325311481  61.2.3.4": "[IBAN]  [IP]",
        "+8680513832522  DE36 6724 9376 1262 7638 22": "[PHONE]  [IBAN]",
    }.items(),
)
def test_what_one_finding_claims_is_counted_once_so_that_its_neighbour_is_looked_for(text: str, redacted: str) -> None:
    assert RULE.rewrite(text)[0] == redacted


@pytest.mark.capability("D3")
@pytest.mark.parametrize("text", ["see 73 {} 20 of", "in 1984 {} and", "to {}/x ", "{} 2004 was"])
def test_a_short_number_or_a_path_beside_a_finding_hides_nothing(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for _, value in EVERY:
        settled, _ = Redact(kinds=ALL).rewrite(text.format(value))
        monkeypatch.setattr(
            Redact, "_replace", lambda self, *given, real=Redact._replace: (real(self, *given)[0], False)
        )
        assert Redact(kinds=ALL).rewrite(text.format(value))[0] == settled
        monkeypatch.undo()


@pytest.mark.capability("D3")
def test_what_is_watched_for_in_other_scripts_is_found_whatever_else_a_text_has() -> None:
    for zero in (0x660, 0x966, 0xE50, 0xFF10, 0x1D7CE, 0x1FBF0):
        number = "".join(chr(zero + int(digit)) for digit in "4111111111111111")
        assert RULE.rewrite(f"\ud800 größe 中 {number} –")[0] == "\ud800 größe 中 [CARD] –"
