"""Contamination: what is planted is found, what is not is left, whatever the set looks like."""

import json
import random

import pytest

from slipway_runtime.datasets.contamination import ContaminationIndex, Overlap
from slipway_runtime.datasets.evaluation_set import Item, read_items
from slipway_runtime.datasets.recipe import RecipeError

pytestmark = pytest.mark.capability("D13")
WORDS = [f"w{number}" for number in range(20_000)]


def text(random_: random.Random, words: int) -> list[str]:
    return random_.choices(WORDS, k=words)


def index_of(*texts: str, width: int = 13) -> ContaminationIndex:
    return ContaminationIndex.build([Item("set", place, [each]) for place, each in enumerate(texts, 1)], width)[0]


@pytest.mark.parametrize("width", [8, 13, 20])
def test_every_planted_overlap_of_n_words_is_found_and_none_of_fewer(width: int) -> None:
    random_ = random.Random(width)
    items = [text(random_, random_.randint(width, 60)) for _ in range(300)]
    index = index_of(*(" ".join(item) for item in items), width=width)
    examples, expected = [], []
    for number in range(2_000):
        own, place = text(random_, 200), number % 300
        taken = width if number % 2 else width - 1
        begin = random_.randint(0, len(items[place]) - taken)
        at = random_.randint(0, len(own))
        own[at:at] = items[place][begin : begin + taken]
        examples.append([" ".join(own)])
        expected.append(Overlap("set", place + 1, width) if number % 2 else None)

    assert index.overlaps(examples) == expected


def test_case_punctuation_and_white_space_hide_nothing() -> None:
    question = "How many litres of oil does the large pump need after a service in winter?"
    index = index_of(question)

    for shown in (
        question.upper(),
        question.replace(" ", "\n  "),
        f"He asked: “{question.replace('oil', 'oil,')}”…",
        f"{'x ' * 70_000}{question}{' y' * 70_000}",
    ):
        assert index.overlaps([[shown]]) == [Overlap("set", 1, 13)], shown[:80]


def test_an_ngram_does_not_reach_from_one_message_into_the_next() -> None:
    words = [f"word{number}" for number in range(13)]
    index = index_of(" ".join(words))

    assert index.overlaps([[" ".join(words[:7]), " ".join(words[7:])], [" ".join(words)]]) == [
        None,
        Overlap("set", 1, 13),
    ]


def test_a_short_item_is_found_where_it_is_a_whole_message_or_line_only() -> None:
    index = index_of("What is the capital of France?")

    found = index.overlaps(
        [
            ["what is the capital of france", "Paris"],
            ["Quiz\nWhat is the capital of France?\nParis"],
            ["They ask what is the capital of France and other things"],
            ["What is the capital of Norway?"],
        ]
    )

    assert found == [Overlap("set", 1, 4), Overlap("set", 1, 4), None, None]


def test_what_is_too_short_to_check_is_counted_not_found() -> None:
    index, unchecked = ContaminationIndex.build([Item("a", 1, ["Paris", "yes"]), Item("b", 1, ["one two three four"])])

    assert unchecked == {"a": 1, "b": 0}
    assert index.overlaps([["Paris"], ["One, two, three, four!"]]) == [None, Overlap("b", 1, 4)]


@pytest.mark.parametrize(
    "item",
    [
        {"question": "{}", "choices": ["a", "b"], "answer": 1},  # MMLU
        {"question": "Short?", "answer": "{} #### 72"},  # GSM8K
        {"task_id": "HumanEval/0", "prompt": "{}", "test": "assert"},  # HumanEval
        {"messages": [{"role": "system", "content": "x"}, {"role": "user", "content": "{}"}]},  # our own
        {"question": "Which one?", "documents": ["one of them", "{}"]},  # RAG benchmarks
        {"question": "Which one?", "documents": [{"title": "a", "text": "{}"}], "id": "{}"},
        {"question": "Which one?", "group": "{}"},
        {"question": "Which one?", "rules": "{}"},
        {"question": "Which one?", "origin": {"text": "{}"}},
        {"question": "Which one?", "source_versions": ["doc_1", "{}"]},
        {"ctx": "a", "endings": ["b", "{}"], "meta": {"split": "val"}},  # HellaSwag
    ],
)
def test_items_of_public_benchmarks_are_read_as_they_are(item: dict[str, object]) -> None:
    secret = "a train leaves at noon and travels for three hours at sixty miles each hour without a stop"
    line = json.dumps(item).replace("{}", secret).encode()
    index, _ = ContaminationIndex.build(list(read_items("benchmark", [line])))

    assert index.overlaps([[f"Once {secret} it rained"], ["another text of many words " * 9]]) == [
        Overlap("benchmark", 1, 13),
        None,
    ]


def test_a_system_prompt_that_all_share_contaminates_nothing() -> None:
    system = "You are a helpful assistant of the company who answers from the given documents and cites them all"
    line = json.dumps({"messages": [{"role": "system", "content": system}, {"role": "user", "content": "Why so?"}]})
    index, _ = ContaminationIndex.build(list(read_items("set", [line.encode()])))

    assert index.overlaps([[system]]) == [None]


def test_our_own_lineage_is_no_text() -> None:
    lineage = {"documents": ["doc_" + "0" * 32], "source_versions": ["Kq3.x_1"], "rules": ["prepare-3/rules-none"]}
    example = {**lineage, "origin": "label", "group": "thread-1", "messages": [{"role": "user", "content": "Why?"}]}

    (item,) = read_items("set", [json.dumps(example).encode()])

    assert item.texts == ["Why?"]


@pytest.mark.parametrize("line", [b"{", b"[1]", b'"text"'])
def test_a_broken_evaluation_set_is_refused_by_name_and_line(line: bytes) -> None:
    with pytest.raises(RecipeError, match=r"evaluation-sets/x\.jsonl, line 2: .*mend"):
        list(read_items("evaluation-sets/x.jsonl", [b'{"question": "a"}', line]))


def test_the_index_is_the_same_after_a_journey_through_bytes() -> None:
    index = index_of("one two three four five six seven eight nine ten eleven twelve thirteen fourteen", "a b c d e")
    again = ContaminationIndex.from_bytes(index.to_bytes())

    assert again.overlaps([["A, b, c, d, e"], ["none of it"]]) == [Overlap("set", 2, 4), None]
    assert again.to_bytes() == index.to_bytes()


def test_without_evaluation_sets_nothing_is_found() -> None:
    index, unchecked = ContaminationIndex.build([])

    assert (index.overlaps([["some text"]]), unchecked) == ([None], {})


QUESTION = (
    "The committee decided that the old office needs no repair before the first visitors arrive in spring of next year"
)
DISGUISES = {
    "soft hyphens": QUESTION.replace("tt", "t\u00adt").replace("rr", "r\u00adr").replace("is", "i\u00ads"),
    "zero-width spaces": QUESTION.replace(" ", "\u200b ").replace("ee", "e\u200be"),
    "full width": "".join(chr(ord(each) + 0xFEE0) if each.islower() else each for each in QUESTION),
    "ligatures": QUESTION.replace("ffi", "\ufb03").replace("fi", "\ufb01"),
    "emphasis": " ".join(f"_{word}_" for word in QUESTION.split()),
}


@pytest.mark.parametrize("other", DISGUISES.values(), ids=DISGUISES)
@pytest.mark.parametrize("in_the_set", [True, False])
def test_marks_that_change_no_word_hide_nothing(other: str, in_the_set: bool) -> None:
    asked, learnt = (other, QUESTION) if in_the_set else (QUESTION, other)
    index, _ = ContaminationIndex.build([Item("set", 1, [asked])])
    assert index.overlaps([[learnt]])[0] is not None
