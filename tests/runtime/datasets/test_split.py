"""Groups and splits: nothing that belongs together is parted, shares are kept as near as groups allow."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipway_runtime.datasets.example import Example, Message
from slipway_runtime.datasets.finish import groups_of
from slipway_runtime.datasets.gathered import Gathered
from slipway_runtime.datasets.groups import group_names
from slipway_runtime.datasets.recipe import read_recipe
from slipway_runtime.datasets.split import assign
from slipway_runtime.labelling.decide import example_of
from slipway_runtime.labelling.items import Item
from slipway_runtime.labelling.task import Task
from slipway_runtime.prepare.duplicates.normal import fold
from slipway_runtime.prepare.duplicates.similarity import jaccard, shingle_set

pytestmark = pytest.mark.capability("D13")
SHARES = st.tuples(*[st.integers(0, 100)] * 3).filter(any)
SIZES = st.dictionaries(st.text(min_size=1), st.integers(1, 50), min_size=1, max_size=200)


def named(shares: tuple[int, int, int]) -> dict[str, float]:
    return dict(zip(("train", "validation", "test"), (each / sum(shares) for each in shares), strict=True))


@given(SIZES, SHARES, st.integers())
def test_no_split_has_more_than_its_share_and_one_group(
    sizes: dict[str, int], shares: tuple[int, int, int], seed: int
) -> None:
    found = assign(sizes, named(shares), seed)
    total, largest = sum(sizes.values()), max(sizes.values())

    assert set(found) == set(sizes)
    for split, share in named(shares).items():
        held = sum(size for group, size in sizes.items() if found[group] == split)
        assert held <= share * total + largest
        assert held == 0 or share > 0
        assert held >= share * total - 2 * largest


@given(SIZES, SHARES, st.integers(), st.randoms())
def test_the_order_of_groups_does_not_matter_and_the_seed_does_it_all(
    sizes: dict[str, int], shares: tuple[int, int, int], seed: int, order: random.Random
) -> None:
    shuffled = list(sizes.items())
    order.shuffle(shuffled)

    assert assign(dict(shuffled), named(shares), seed) == assign(sizes, named(shares), seed)


def test_another_seed_gives_another_split() -> None:
    sizes = {f"group {number}": 1 for number in range(100)}
    shares = {"train": 0.8, "validation": 0.1, "test": 0.1}

    assert assign(sizes, shares, 1) != assign(sizes, shares, 2)
    assert sorted(assign(sizes, shares, 1).values()).count("train") == 80


@given(st.lists(st.sets(st.sampled_from("abcdefghijklmnop"), min_size=1, max_size=3), min_size=1, max_size=60))
def test_examples_that_share_a_key_are_in_one_group_and_others_are_not(keys: list[set[str]]) -> None:
    found = group_names([sorted(own) for own in keys])
    # By the definition, without union-find: follow shared keys until nothing is added.
    for index, own in enumerate(keys):
        reached, before = set(own), set()
        while reached != before:
            before = set(reached)
            reached |= {key for other in keys if other & before for key in other}
        for other_index, other in enumerate(keys):
            assert (found[index] == found[other_index]) == bool(other & reached)


WORDS = [f"word{number}" for number in range(4000)]


def variants(random_: random.Random, number: int) -> list[str]:
    """Return chains of texts, each made of the one before by changing a word, so that ends are unlike."""
    texts = []
    for _ in range(number):
        text = random_.sample(WORDS, 120)
        for _ in range(4):
            texts.append(" ".join(text))
            text = list(text)
            text[random_.randrange(120)] = random_.choice(WORDS)
    return texts


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32))
def test_no_two_texts_that_are_nearly_equal_are_in_two_groups(seed: int) -> None:
    random_ = random.Random(seed)
    texts = variants(random_, 12)
    random_.shuffle(texts)
    found = group_names([[str(index)] for index in range(len(texts))], [fold(text) for text in texts])
    sets = [shingle_set(text) for text in texts]

    # A change of one word leaves a Jaccard similarity of .917 at least, which 13 bands of 5 rows find at .99999.
    for one in range(len(texts)):
        for other in range(one):
            if jaccard(sets[one], sets[other]) >= 0.9:
                assert found[one] == found[other]
    assert len(set(found)) == 12


def test_texts_of_one_kind_do_not_all_become_one_group() -> None:
    opening = "Dear reader this manual tells how the machine is to be serviced every month"
    texts = [f"{opening} {' '.join(random.Random(number).sample(WORDS, 80))}" for number in range(400)]

    assert len(set(group_names([[str(place)] for place in range(400)], [fold(text) for text in texts]))) == 400


@pytest.mark.parametrize("names", [("train", "test"), ("test", "train")])
def test_the_first_split_wins_a_tie(names: tuple[str, str]) -> None:
    assert assign({"group": 1}, dict.fromkeys(names, 0.5), 1) == {"group": names[0]}


def chat(*turns: str, system: str = "", group: str = "") -> Example:
    said = [Message("user" if place % 2 == 0 else "assistant", text) for place, text in enumerate(turns)]
    given = [Message("system", system)] if system else []
    return Example(origin="feedback", documents=[], source_versions=[], rules=[], messages=[*given, *said], group=group)


@pytest.mark.parametrize("group_by", ["near-duplicates", "document"])
def test_what_begins_with_the_same_question_is_in_one_group(tmp_path: Path, group_by: str) -> None:
    first, second, *others = (" ".join(random.Random(seed).sample(WORDS, 60)) for seed in range(6))
    asked = "How do I reset the valve after an emergency stop?"
    examples = [
        *(chat(asked, first), chat(asked.upper(), second), chat(asked, first, "And if it does not?", second)),
        chat("Hello", others[0], asked, others[1]),
        chat("Hello", others[2], "Who serviced the pump?", others[3]),
    ]
    found = named_groups(tmp_path, examples, group_by)

    assert len({found[each.example_id] for each in examples[:3]}) == 1
    assert len(set(found.values())) == 3, "a greeting is no question"


def test_labelled_examples_of_one_long_task_are_not_one_group(tmp_path: Path) -> None:
    task = Task(type="choice", question=" ".join(WORDS[:80]), choices=["yes", "no"])
    texts = [" ".join(random.Random(number).sample(WORDS, 12)) for number in range(300)]
    examples = [example_of(task, Item(number=at, text=text), "yes", job="j") for at, text in enumerate(texts)]

    assert len(set(named_groups(tmp_path, examples, "near-duplicates").values())) == 300


def test_the_same_text_and_answer_under_two_tasks_are_two_examples_of_one_group(tmp_path: Path) -> None:
    examples = [
        chat("The pump of the station leaks", "yes", system=task) for task in ("Is it broken?", "Is it urgent?")
    ]
    found = named_groups(tmp_path, examples, "document")

    assert (len(found), len(set(found.values()))) == (2, 1)


def named_groups(tmp_path: Path, examples: list[Example], group_by: str) -> dict[str, str]:
    """Return the groups of a build by the ids of the examples."""
    recipe = read_recipe({"name": "d", "kind": "messages", "examples": ["x/"], "group_by": group_by})
    with Gathered((each.line() for each in examples), tmp_path / "gathered") as gathered:
        return dict(zip((each.example_id for each in gathered), groups_of(gathered, recipe), strict=True))
