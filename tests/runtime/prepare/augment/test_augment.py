"""One document through a model whose answers are set: what is wrong with their shape, ids, budget, plan, books."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from slipway_runtime.operate.retry import Backoff, Deadline
from slipway_runtime.prepare.augment.augment import Augmenter
from slipway_runtime.prepare.augment.images import Image
from slipway_runtime.prepare.augment.model import Budget, ToolModel
from slipway_runtime.prepare.augment.outcome import Outcome
from slipway_runtime.prepare.augment.passages import shares
from slipway_runtime.prepare.augment.plan import Plan, call_tokens, plan
from slipway_runtime.prepare.augment.report import finish
from slipway_runtime.prepare.augment.tasks.base import Passage
from slipway_runtime.prepare.augment.wishes import Wishes
from slipway_runtime.prepare.curate import CuratedDocument, RawObject, curate
from slipway_runtime.prepare.rules.base import RuleSet
from slipway_runtime.retrieve.chunk import ChunkSettings
from support.augmentation import PUMP

pytestmark = pytest.mark.capability("D6")
ITEM = {
    "question": "How much water goes through the machine each minute?",
    "answer": "It moves forty litres of water in a minute.",
    "evidence": "The pump in hall three moves forty litres of water in a minute.",
}
OTHER = {
    "question": "Who cleans what keeps the dirt out?",
    "answer": "Its filter is cleaned by the night shift on Mondays.",
    "evidence": "Its filter is cleaned by the night shift on Mondays.",
}


class Script:
    """A client of Bedrock that gives the answers of a list, one a call; an exception is raised."""

    def __init__(self, *answers: Any, stop: str = "tool_use") -> None:
        self.answers, self.stop = list(answers), stop
        self.asked: list[dict[str, Any]] = []

    def converse(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        tool = {"toolUse": {"toolUseId": "t", "name": "record_questions", "input": answer}}
        content = [{"text": answer}] if isinstance(answer, str) else [tool]
        usage = {"inputTokens": 2000, "outputTokens": 200, "totalTokens": 2200}
        return {"output": {"message": {"content": content}}, "stopReason": self.stop, "usage": usage}


def throttled() -> ClientError:
    return ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, "Converse")


@pytest.fixture(scope="module")
def document() -> CuratedDocument:
    return curate(RawObject(key="acme/manual/pump.md", version_id="v1", data=PUMP.encode()), RuleSet())


def run(
    client: Script, document: CuratedDocument, budget: Budget | None = None, **wishes: Any
) -> tuple[Outcome, Budget]:
    model = ToolModel(client=client, model_id="amazon.nova-lite-v1:0", backoff=Backoff(sleep=lambda _seconds: None))
    chunking = ChunkSettings(max_characters=1200, overlap_characters=150)
    augmenter = Augmenter(model=model, wishes=Wishes(model_id=model.model_id, **wishes), chunking=chunking)
    outcome = Outcome(document_id=document.document_id, key="acme/manual/pump.md", source_version="v1", made_by="m")
    budget = budget or Budget(calls=10, tokens=100_000)
    augmenter.document(document, outcome, RuleSet(), budget, Deadline.after(60))
    return outcome, budget


@pytest.mark.parametrize(
    ("answer", "stop", "rejects"),
    [
        ({"items": [ITEM, OTHER]}, "tool_use", {}),
        ({"items": [ITEM]}, "tool_use", {"not_given": 1}),
        ({"items": []}, "tool_use", {"not_given": 2}),
        ({"items": [ITEM, OTHER, ITEM]}, "tool_use", {"malformed": 2}),
        ({"items": [ITEM, {"question": "Why?"}]}, "tool_use", {"malformed": 1}),
        ({"items": [ITEM, ITEM | {"more": "x"}]}, "tool_use", {"malformed": 1}),
        ({"items": [ITEM, ITEM | {"answer": 4}]}, "tool_use", {"malformed": 1}),
        ({"items": "two"}, "tool_use", {"malformed": 2}),
        ({}, "tool_use", {"malformed": 2}),
        ("I would rather talk.", "end_turn", {"no_tool_use": 2}),
        ({}, "max_tokens", {"cut_off": 2}),
        ("Sorry.", "guardrail_intervened", {"withheld": 2}),
        ("Sorry.", "content_filtered", {"withheld": 2}),
    ],
)
def test_what_is_wrong_with_an_answer(
    document: CuratedDocument, answer: Any, stop: str, rejects: dict[str, int]
) -> None:
    outcome, _ = run(Script(answer, stop=stop), document, questions=2)
    tally = outcome.tallies["question"]

    assert tally.rejects == rejects
    assert tally.balanced
    assert tally.asked == 2
    assert len(outcome.items) == tally.kept


def test_ids_are_the_same_in_every_attempt_and_of_each_item_another(document: CuratedDocument) -> None:
    first, _ = run(Script({"items": [ITEM, OTHER]}), document, questions=2)
    second, _ = run(Script(throttled(), throttled(), {"items": [ITEM, OTHER]}), document, questions=2)

    assert [item.item_id for item in first.items] == [item.item_id for item in second.items]
    assert len({item.item_id for item in first.items}) == 2
    assert first.line() == second.line()


def test_the_request_forces_the_tool_and_shows_the_text_as_data(document: CuratedDocument) -> None:
    client = Script({"items": [ITEM, OTHER]})
    run(client, document, questions=2)
    (request,) = client.asked

    assert request["toolConfig"]["toolChoice"] == {"tool": {"name": "record_questions"}}
    shown = request["messages"][0]["content"][0]["text"]
    assert shown.count("</document_content>") == 1
    assert "forty litres" in shown


@pytest.mark.parametrize("limit", [{"calls": 1, "tokens": 100_000}, {"calls": 10, "tokens": 4_000}])
def test_the_budget_ends_the_asking_and_says_so(document: CuratedDocument, limit: dict[str, int]) -> None:
    client = Script({"items": [ITEM, OTHER]}, {"items": []}, {"items": []})
    outcome, budget = run(client, document, Budget(**limit), questions=2, paraphrases=3, classes=("a", "b"))

    assert len(client.asked) == 1
    assert budget.spent.unasked == 4
    assert set(outcome.tallies) == {"question"}
    assert (budget.spent.input_tokens, budget.spent.output_tokens) == (2000, 200)


def test_an_image_that_the_model_does_not_take_is_a_reject(document: CuratedDocument) -> None:
    error = ClientError({"Error": {"Code": "ValidationException", "Message": "Could not process image"}}, "Converse")
    model = ToolModel(client=Script(error), model_id="m")
    chunking = ChunkSettings(max_characters=1200, overlap_characters=150)
    augmenter = Augmenter(model=model, wishes=Wishes(model_id="m", captions=True), chunking=chunking)
    outcome = Outcome(document_id="doc_1", key="acme/a.png", source_version="v1", made_by="m")
    augmenter.image(Image("png", b"", 1, 1), outcome, RuleSet(), Budget(calls=1, tokens=100_000), Deadline.after(60))

    assert outcome.tallies["caption"].rejects == {"image_refused": 1}


def test_a_caption_is_a_text_to_learn_from(document: CuratedDocument) -> None:
    model = ToolModel(client=Script({"items": [{"caption": "A drawing of a pump with two pipes."}]}), model_id="m")
    chunking = ChunkSettings(max_characters=1200, overlap_characters=150)
    augmenter = Augmenter(model=model, wishes=Wishes(model_id="m", captions=True), chunking=chunking)
    outcome = Outcome(document_id="doc_1", key="acme/a.png", source_version="v1", made_by="m")
    augmenter.image(Image("png", b"", 1, 1), outcome, RuleSet(), Budget(calls=1, tokens=100_000), Deadline.after(60))

    assert [item.example.text for item in outcome.items] == ["A drawing of a pump with two pipes."]


@given(wanted=st.integers(0, 100), found=st.integers(0, 50))
def test_passages_share_what_is_asked_for(wanted: int, found: int) -> None:
    passages = [Passage(text="", language="", ordinal=ordinal) for ordinal in range(found)]
    shared = list(shares(passages, wanted))

    assert sum(number for _, number in shared) == (wanted if found else 0)
    assert len({passage.ordinal for passage, _ in shared}) == len(shared) <= found


@given(
    documents=st.integers(0, 60),
    max_documents=st.integers(1, 50),
    max_calls=st.integers(1, 100),
    max_tokens=st.integers(10_000, 500_000),
)
def test_a_plan_never_spends_more_than_its_budget(
    documents: int, max_documents: int, max_calls: int, max_tokens: int
) -> None:
    wishes = Wishes(model_id="m", questions=1, max_documents=max_documents, max_calls=max_calls, max_tokens=max_tokens)
    made = plan([f"a/{at}.md" for at in range(documents)], wishes, 1200)

    assert sum(item.calls for item in made.items) <= max_calls
    assert sum(item.tokens for item in made.items) <= max_tokens
    assert all(item.calls >= 1 and item.tokens >= call_tokens(wishes, 1200) for item in made.items)
    assert len(made.items) + made.over_budget + made.over_limit == documents
    assert len(made.items) <= max_documents


def test_images_are_planned_where_captions_are_wished() -> None:
    limits = {"max_documents": 9, "max_calls": 9, "max_tokens": 999_999}
    keys = ["a/x.md", "a/y.PNG"]
    both = plan(keys, Wishes(model_id="m", questions=1, captions=True, **limits), 1200)
    labels = plan(keys, Wishes(model_id="m", entities=True, max_documents=9), 1200)

    assert [(item.key, item.what) for item in both.items] == [("a/x.md", "document"), ("a/y.PNG", "image")]
    assert [item.key for item in labels.items] == ["a/x.md"]


@settings(deadline=None)
@given(st.permutations(range(5)))
def test_the_results_do_not_depend_on_the_order_in_which_documents_end(order: list[int]) -> None:
    source = curate(RawObject(key="acme/manual/pump.md", version_id="v1", data=PUMP.encode()), RuleSet())
    outcomes = []
    for at in range(5):
        outcome, _ = run(Script({"items": [ITEM, OTHER]}), source, questions=2)
        outcome.key = f"acme/{at}"
        outcomes.append(outcome)
    planned = plan([f"acme/{at}" for at in range(6)], Wishes(model_id="m", entities=True, max_documents=9), 1200)
    results = finish("r", "acme/", planned, [outcomes[at] for at in order])

    assert results.report.balanced
    assert results.report.failed == 1
    assert results.report.shown()["complete"] is False
    tally = results.report.tallies["question"]
    assert (tally.asked, tally.kept, tally.duplicates) == (10, 2, 8)
    assert results.examples == [item.example.line() for item in outcomes[0].items]


def test_a_run_of_nothing_is_balanced() -> None:
    results = finish("r", "acme/", Plan([], 0, 0), [])

    assert results.report.balanced
    assert results.examples == []
