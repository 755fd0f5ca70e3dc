"""Each filter against texts whose measures are counted by hand."""

import pytest

from slipway_runtime.prepare.document import Heading, PreparedDocument
from slipway_runtime.prepare.prepare import prepare
from slipway_runtime.prepare.rejected import Rejected
from slipway_runtime.prepare.rules import c4, fineweb, gopher, repetition
from slipway_runtime.prepare.rules.base import Filter
from slipway_runtime.prepare.rules.build import build
from slipway_runtime.prepare.rules.language import AllowedLanguages
from slipway_runtime.prepare.rules.profile import profile
from slipway_runtime.prepare.rules.settings import C4, FineWeb, Gopher, Quality, Repetition, Rules

PROSE = """The old harbour lies two miles south of the village, behind a long wall of grey stone.
Fishermen built it in the spring of a hard year, when storms had taken half of their boats.
Nobody remembers who drew the plan, but it was good enough to last three centuries.
Children now jump from its steps in summer, and painters come for the light before dusk.
A small museum in the customs house shows nets, lamps and letters that sailors sent home.
You should visit on a Sunday morning, because the bakery next door opens only then.
"""
LIMITS: list[tuple[Filter, str, float | None]] = [
    (gopher.MinWords(limit=4), "one two three", 3),
    (gopher.MinWords(limit=3), "one two three -- !", None),
    (gopher.MaxWords(limit=2), "one two three", 3),
    (gopher.MinMeanWordCharacters(limit=3), "a bb ccc", 2),
    (gopher.MaxMeanWordCharacters(limit=5), "abcdef abcdefgh", 7),
    (gopher.MaxSymbolsPerWord(limit=0.1), "#a #b c d", 0.5),
    (gopher.MaxSymbolsPerWord(limit=0.1), "a… b c d...", 0.5),
    (gopher.MaxBulletLines(limit=0.9), "- a\n* b\n• c", 1),
    (gopher.MaxBulletLines(limit=0.9), "- a\n* b\nc", None),
    (gopher.MaxEllipsisLines(limit=0.3), "a...\nb…\nc\nd", 0.5),
    (gopher.MinAlphabeticWords(limit=0.8), "12 34 ab 56", 0.25),
    (gopher.MinFunctionWords(limit=2), "the cat sat", 1),
    (gopher.MinFunctionWords(limit=2), "the cat sat with me", None),
    (repetition.MaxDuplicateLines(limit=0.3), "a\nb\na\na", 0.5),
    (repetition.MaxDuplicateLineCharacters(limit=0.2), "aaaa\nbb\naaaa", 4 / 12),
    (repetition.MaxDuplicateParagraphs(limit=0.3), "a\n\nb\n\na\n\na", 0.5),
    (repetition.MaxDuplicateParagraphCharacters(limit=0.2), "aaaa\n\nbb\n\naaaa", 4 / 14),
    # "ab cd" twice: 2 * 4 of 17 characters.
    (repetition.MaxTopNgramCharacters(limit=0.2, n=2), "ab cd ef ab cd gh", 8 / 17),
    (repetition.MaxTopNgramCharacters(limit=0.2, n=2), "ab cd ef gh", None),
    # The second "a b c d e" repeats the first: 5 of 19 characters.
    (repetition.MaxDuplicateNgramCharacters(limit=0.15, n=5), "a b c d e a b c d e", 5 / 19),
    (repetition.MaxDuplicateNgramCharacters(limit=0.15, n=5), "a b c d e f g h i j", None),
    (c4.MinSentences(limit=3), "One is here. Two is here! Version 1.2 is none", 2),
    (fineweb.MinPunctuatedLines(limit=0.12), "a\nb\nc", 0),
    (fineweb.MinPunctuatedLines(limit=0.12), "a.\nb\nc", None),
    (fineweb.MaxShortLines(limit=0.67, characters=30), "short\nshort too\nbrief", 1),
    (fineweb.MaxRepeatedCharacters(limit=0.1), "aaaa\nbb\naaaa", 4 / 12),
]


def document(text: str, language: str = "en") -> PreparedDocument:
    return PreparedDocument(text=text, title="", media_type="text/plain", language=language)


@pytest.mark.capability("D5")
@pytest.mark.parametrize(
    ("rule", "text", "value"), LIMITS, ids=[f"{rule.name}-{text[:9]!r}" for rule, text, _ in LIMITS]
)
def test_a_measure_counted_by_hand(rule: Filter, text: str, value: float | None) -> None:
    finding = rule.refuse(document(text))
    if value is None:
        assert finding is None
        return
    assert finding is not None
    assert finding.code == "low_quality"
    assert f" is {value:.4g}, at " in finding.reason
    assert f"{rule.limit:g} is wanted; mend the document" in finding.reason
    assert type(rule).__doc__


def test_a_value_at_its_limit_is_kept() -> None:
    assert gopher.MinWords(limit=3).refuse(document("one two three")) is None
    assert gopher.MaxBulletLines(limit=0.5).refuse(document("- a\nb")) is None


def test_heading_signs_are_no_symbols() -> None:
    text = "# A\n\n## B\n\nword word"
    marked = PreparedDocument(
        text=text,
        title="",
        media_type="text/markdown",
        headings=[Heading(offset=0, level=1, title="A"), Heading(offset=5, level=2, title="B")],
    )
    assert gopher.MaxSymbolsPerWord(limit=0.1).refuse(marked) is None
    assert gopher.MaxSymbolsPerWord(limit=0.1).refuse(document(text)) is not None


def test_function_words_are_those_of_the_documents_language() -> None:
    rule = gopher.MinFunctionWords(limit=2)
    assert rule.refuse(document("der Hund und die Katze", "de")) is None
    assert rule.refuse(document("der Hund und die Katze", "en")) is not None
    assert rule.refuse(document("任何文字", "zh")) is None


@pytest.mark.parametrize(
    ("rule", "text"), [(c4.LoremIpsum(), "Lorem IPSUM dolor"), (c4.CurlyBrackets(), "if (x) { y }")]
)
def test_filler_and_code_are_refused(rule: Filter, text: str) -> None:
    assert rule.refuse(document(text)).code == "low_quality"
    assert rule.refuse(document("Plain words.")) is None


def test_lines_that_are_no_prose_are_dropped_and_counted_by_cause() -> None:
    text = "\n".join(
        [
            "# Title without a mark",
            "This line is whole.",
            "Menu | Home | About",
            "Too short.",
            "Please enable JavaScript to go on.",
            "This site uses cookies to be nice.",
            "It ends with dots...",
            "| a | table |",
            "```",
            "code stays",
            "```",
            "",
            "He said: “Stop right there.”",
        ]
    )
    kept, counts = c4.DropLines(min_line_words=3).rewrite(text)
    assert kept.split("\n") == [
        *("# Title without a mark", "This line is whole.", "| a | table |", "```", "code stays", "```", ""),
        "He said: “Stop right there.”",
    ]
    assert counts == {"unfinished_lines": 2, "short_lines": 1, "javascript_lines": 1, "policy_lines": 1}


def test_good_prose_passes_every_family_and_spam_none() -> None:
    strict = Quality(gopher=Gopher(), repetition=Repetition(), c4=C4(), fineweb=FineWeb())
    kept = prepare(PROSE.encode(), "a.txt", rules=build(Rules(quality=strict)))
    assert (kept.text, kept.title, kept.counts) == (PROSE.strip(), "a.txt", {})
    for family in ({"gopher": Gopher()}, {"repetition": Repetition()}, {"c4": C4()}, {"fineweb": FineWeb()}):
        with pytest.raises(Rejected, match=r"low_quality: |empty: "):
            prepare(b"buy now\n" * 40, "a.txt", rules=build(Rules(quality=Quality(**family))))


def test_a_refusal_names_the_rule_and_never_the_text() -> None:
    with pytest.raises(Rejected) as refused:
        prepare(b"tomatoes tomatoes", "a.txt", rules=build(Rules(quality=Quality(gopher=Gopher()))))
    assert refused.value.reason == (
        "gopher.min_words: the number of words is 2, at least 50 is wanted; "
        "mend the document, or change the limit in the rules of its source"
    )


def test_measures_are_computed_once_for_all_filters_of_a_document() -> None:
    one, other = document("a b"), document("a b")
    assert profile(one) is profile(one)
    assert profile(other) is not profile(one)


def test_only_allowed_languages_are_kept() -> None:
    rule = AllowedLanguages(allowed=frozenset(("en", "de")))
    assert rule.refuse(document("x", "de")) is None
    assert rule.refuse(document("x", "fr")).reason.startswith("the text is in 'fr', de, en is wanted")
    assert rule.refuse(document("x", "")).code == "language_not_allowed"


UNSPACED = {
    "zh": "公司的员工手册规定,每位员工每年享有二十天带薪年假。申请应当提前两周交给主管,主管在三天之内答复。"
    "生病的员工应当在上午九点之前通知部门。没有用完的假期可以带到下一年。请把表格放在办公室的柜子里。新的员工从第一天开始就有假期。",
    "ja": "従業員は毎年二十日の有給休暇を取ることができます。申請は二週間前までに上司に提出してください。"
    "上司は三日以内に返事をします。"
    "病気の場合は、午前九時までに部署に連絡してください。使わなかった休暇は、次の年に使うことができます。用紙は事務所の棚にあります。",
    "th": "พนักงานทุกคนมีสิทธิลาพักร้อนปีละยี่สิบวัน ต้องยื่นคำขอล่วงหน้าสองสัปดาห์ต่อหัวหน้างาน "
    "ซึ่งจะตอบภายในสามวัน "
    "หากเจ็บป่วยต้องแจ้งแผนกก่อนเก้าโมงเช้า วันลาที่ไม่ได้ใช้นำไปใช้ในปีถัดไปได้ "
    "แบบฟอร์มอยู่ในตู้ที่สำนักงานชั้นสอง",
}


@pytest.mark.capability("D5")
@pytest.mark.parametrize("family", [{"gopher": Gopher()}, {"c4": C4()}], ids=["gopher", "c4"])
@pytest.mark.parametrize("language", UNSPACED)
def test_prose_without_blanks_between_words_is_kept(language: str, family: dict[str, object]) -> None:
    document = prepare(UNSPACED[language].encode(), "a.txt", rules=build(Rules(quality=Quality(**family))))
    assert document.language == language
    assert document.text


@pytest.mark.capability("D5")
@pytest.mark.parametrize("family", [{"gopher": Gopher()}, {"c4": C4()}], ids=["gopher", "c4"])
@pytest.mark.parametrize("language", UNSPACED)
def test_a_line_without_blanks_between_words_is_too_short(language: str, family: dict[str, object]) -> None:
    with pytest.raises(Rejected) as refused:
        prepare(UNSPACED[language][:8].encode(), "a.txt", rules=build(Rules(quality=Quality(**family))))
    assert refused.value.code == "low_quality"


def test_a_text_of_which_no_line_is_left_says_which_rule_it_was() -> None:
    contacts = "\n".join(f"Jane Doe, room {number}, extension {number}" for number in range(9))
    with pytest.raises(Rejected, match=r"c4: no line is left of the text \(c4\.unfinished_lines: 9\)") as refused:
        prepare(contacts.encode(), "a.txt", rules=build(Rules(quality=Quality(c4=C4()))))
    assert refused.value.code == "low_quality"
