"""Examples, feedback and recipes: what is wrong is named by its field."""

import re

import msgspec
import pytest

from slipway_runtime.datasets.example import Example, Message, read_example
from slipway_runtime.datasets.feedback import Feedback
from slipway_runtime.datasets.formats import check_kind, dataset_line
from slipway_runtime.datasets.recipe import Kind, RecipeError, read_recipe
from slipway_runtime.datasets.refused import Refused
from slipway_runtime.datasets.sources import read_source

pytestmark = pytest.mark.capability("D13")
LINEAGE = {"documents": ["doc_1"], "source_versions": ["v1"], "rules": ["r1"]}
CHAT = [Message("user", "Why?"), Message("assistant", "Because.")]


def example(**changed: object) -> Example:
    return Example(**({"origin": "augmented", "messages": CHAT, **LINEAGE} | changed))  # type: ignore[arg-type]


def test_a_line_is_canonical_and_read_back() -> None:
    line = example(group="g").line()

    assert read_example(line) == example(group="g")
    assert read_example(line).line() == line
    assert line.startswith(b'{"documents":["doc_1"],"group":"g","messages":[{"content":"Why?","role":"user"}')


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"{", "truncated"),
        (b'{"origin": "elsewhere"}', r"\$\.origin"),
        (b'{"origin": "label", "documents": [], "rules": []}', "source_versions"),
        (b'{"origin": "label", "documents": [], "source_versions": [], "rules": []}', "both are empty"),
        (
            b'{"origin": "label", "documents": ["a"], "source_versions": [], "rules": [], "text": "a"}',
            "equal length",
        ),
        (
            b'{"origin": "label", "documents": [], "source_versions": [], "rules": [], "messages": [{"role": "bot"}]}',
            r"messages\[0\]\.role|messages\[\.\.\.\]\.role",
        ),
        (
            b'{"origin": "label", "documents": [], "source_versions": [], "rules": [], '
            b'"messages": [{"role": "user", "content": "a"}]}',
            "role assistant",
        ),
        (b'{"origin": "label", "txt": "a"}', "txt"),
    ],
)
def test_a_bad_example_is_refused_by_its_field(line: bytes, problem: str) -> None:
    found = read_source("examples", line, 4)

    assert isinstance(found, Refused)
    assert found.code == "bad_example"

    assert re.search(problem, found.reason), found.reason


def test_the_correction_is_learnt_else_a_good_answer() -> None:
    def said(**changed: object) -> Feedback:
        given = {"request": [Message("user", "Why?")], "answer": "No idea.", "rating": 5, **LINEAGE} | changed
        return Feedback(**given)  # type: ignore[arg-type]

    assert said().example(4).messages[-1] == Message("assistant", "No idea.")
    assert said(rating=1, correction="Because.").example(4).messages == CHAT
    assert said().example(4).origin == "feedback"
    with pytest.raises(Refused, match="low_rating: rated 3 of at least 4"):
        said(rating=3).example(4)
    with pytest.raises(ValueError, match="rating is 6"):
        said(rating=6)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [("text", {"text"}), ("messages", {"messages"}), ("prompt-completion", {"prompt", "completion"})],
)
def test_each_kind_has_the_columns_of_the_trainer_and_the_lineage(kind: Kind, fields: set[str]) -> None:
    """https://huggingface.co/docs/trl/dataset_formats"""
    made = example(text="words", messages=[]) if kind == "text" else example()
    check_kind(made, kind)
    line = msgspec.json.decode(dataset_line(made, kind, "the-group"))

    lineage = {"documents", "source_versions", "rules", "origin", "group", "example_id"}
    assert set(line) == fields | lineage
    assert (line["documents"], line["group"], line["example_id"]) == (["doc_1"], "the-group", made.example_id)
    if kind == "prompt-completion":
        assert (line["prompt"], line["completion"]) == (
            [{"role": "user", "content": "Why?"}],
            [{"role": "assistant", "content": "Because."}],
        )


def test_what_cannot_be_a_line_of_the_kind_is_refused() -> None:
    with pytest.raises(Refused, match="wrong_kind"):
        check_kind(example(), "text")
    with pytest.raises(Refused, match="wrong_kind"):
        check_kind(example(text="words", messages=[]), "messages")
    with pytest.raises(Refused, match="no_completion"):
        check_kind(example(messages=[*CHAT, Message("user", "Really?")]), "prompt-completion")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": "No Name"}, "name:"),
        ({"kind": "poem"}, r"\$\.kind"),
        ({"examples": []}, "name at least one source"),
        ({"documents": ["acme/"]}, "kind: documents and corpus"),
        ({"kind": "text", "documents": ["acme"]}, "documents: acme names no tenant"),
        ({"split": {"train": 0.8}}, "split: shares"),
        ({"split": {"trian": 0.9}}, "trian"),
        ({"ngram_words": 3}, "ngram_words: 8 to 50"),
        ({"min_rating": 9}, "min_rating"),
        ({"evaluation_sets": []}, "evaluation_sets: at least one"),
        ({"examples": ["/a"]}, "examples: prefixes"),
        ({"sead": 1}, "sead"),
    ],
)
def test_a_recipe_that_makes_no_dataset_is_refused_by_its_field(changed: dict[str, object], field: str) -> None:
    with pytest.raises(RecipeError, match=field):
        read_recipe({"name": "a", "kind": "messages", "examples": ["augmented/"]} | changed)
    assert read_recipe({"name": "a", "kind": "messages", "examples": ["augmented/"]}).seed == 0
