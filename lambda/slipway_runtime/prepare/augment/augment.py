"""One function for a document and one for an image: ask, validate, keep the books.

Done again for the same version under the same wishes, every item has the same id.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

import msgspec

from slipway_runtime.datasets.example import Example
from slipway_runtime.operate.retry import Deadline, error_code
from slipway_runtime.prepare.augment.books import Verdict
from slipway_runtime.prepare.augment.checks import first, same_language, without_personal_data
from slipway_runtime.prepare.augment.images import Image
from slipway_runtime.prepare.augment.model import Budget, Given, ToolModel
from slipway_runtime.prepare.augment.outcome import Outcome
from slipway_runtime.prepare.augment.passages import passages, shares
from slipway_runtime.prepare.augment.tasks.base import PROMPT_VERSION, Passage, Task
from slipway_runtime.prepare.augment.tasks.captions import Captions
from slipway_runtime.prepare.augment.tasks.classes import Classes
from slipway_runtime.prepare.augment.tasks.paraphrases import Paraphrases
from slipway_runtime.prepare.augment.tasks.questions import Questions
from slipway_runtime.prepare.augment.wishes import Wishes
from slipway_runtime.prepare.curate import CuratedDocument, rules_version
from slipway_runtime.prepare.rules.base import RuleSet
from slipway_runtime.retrieve.chunk import ChunkSettings

CUT_OFF = frozenset(("max_tokens", "model_context_window_exceeded"))
WITHHELD = frozenset(("content_filtered", "guardrail_intervened", "refusal"))
BUDGETS = {"max_documents": 0, "max_calls": 0, "max_tokens": 0}


@dataclass(frozen=True, kw_only=True)
class Source:
    """What items are made of: a document or an image, by id, version, and the rules that it went through."""

    outcome: Outcome
    rules: str
    rule_set: RuleSet


@dataclass(frozen=True, kw_only=True)
class Augmenter:
    """Makes what `wishes` asks for."""

    model: ToolModel
    wishes: Wishes
    chunking: ChunkSettings

    def made_by(self, rule_set: RuleSet) -> str:
        """Return what decides the items of a document besides its version, as one string."""
        wanted = msgspec.json.encode(msgspec.structs.replace(self.wishes, **BUDGETS), order="sorted")
        digest = hashlib.sha256(wanted).hexdigest()[:12]
        chunking = f"chunk-{self.chunking.max_characters}-{self.chunking.overlap_characters}"
        return f"{rules_version(rule_set)}/{chunking}/augment-{PROMPT_VERSION}-{digest}"

    def document(
        self, document: CuratedDocument, outcome: Outcome, rule_set: RuleSet, budget: Budget, deadline: Deadline
    ) -> None:
        """Ask for questions, paraphrases and a class of a curated document, and write what comes into `outcome`.

        Raises: the errors of Bedrock that trying again until the deadline did not mend, TimeoutError.
        """
        source = Source(outcome=outcome, rules=document.rules, rule_set=rule_set)
        found = passages(document, self.chunking)
        for task, wanted in ((Questions(), self.wishes.questions), (Paraphrases(), self.wishes.paraphrases)):
            for passage, number in shares(found, wanted):
                self._ask(task, number, passage, source, budget, deadline)
        if self.wishes.classes:
            beginning = document.text[: self.chunking.max_characters]
            passage = Passage(text=beginning, language=document.language)
            self._ask(Classes(self.wishes.classes), 1, passage, source, budget, deadline)

    def image(self, image: Image, outcome: Outcome, rule_set: RuleSet, budget: Budget, deadline: Deadline) -> None:
        """Ask for the caption of an image. Raises: as `document`."""
        source = Source(outcome=outcome, rules=rules_version(rule_set), rule_set=rule_set)
        self._ask(Captions(), 1, image, source, budget, deadline)

    def _ask(
        self, task: Task[Any], number: int, shown: Passage | Image, source: Source, budget: Budget, deadline: Deadline
    ) -> None:
        outcome = source.outcome
        passage = shown if isinstance(shown, Passage) else Passage(text="", language="")
        ids = [outcome.item_id(task.kind, passage.ordinal, index) for index in range(number)]
        try:
            given = self.model.ask(task, number, shown, budget, deadline)
        except Exception as error:
            if not isinstance(shown, Image) or error_code(error) != "ValidationException":
                raise
            verdict: Verdict | None = Verdict("image_refused", f"the model did not take it: {error}")
            items: list[Any] = []
        else:
            if given is None:
                budget.spent.unasked += number
                return
            verdict, items = _read(given, number)
        outcome.tally(task.kind).asked += number
        for index, item_id in enumerate(ids):
            if verdict or index >= len(items):
                outcome.reject(task.kind, item_id, verdict or Verdict("not_given", f"{len(items)} of {number} came"))
            else:
                self._judge(task, items[index], item_id, passage, source)

    def _judge(self, task: Task[Any], item: Any, item_id: str, passage: Passage, source: Source) -> None:
        try:
            read = msgspec.convert(item, type=task.shape)
        except msgspec.ValidationError as error:
            source.outcome.reject(task.kind, item_id, Verdict("malformed", f"it does not fit the schema: {error}"))
            return
        said = task.words(read)
        verdict = first(
            lambda: task.refuse(read, passage),
            lambda: same_language(said, passage.language),
            lambda: without_personal_data(said, source.rule_set),
        )
        if verdict:
            source.outcome.reject(task.kind, item_id, verdict)
            return
        messages = task.messages(read, passage)
        example = Example(
            origin="label" if task.kind == "class" else "augmented",
            documents=[source.outcome.document_id],
            source_versions=[source.outcome.source_version],
            rules=[f"{source.rules}/augment-{PROMPT_VERSION}-{task.kind}/{self.model.model_id}"],
            messages=messages,
            text="" if messages else said,
        )
        source.outcome.keep(task.kind, item_id, example)


def _read(given: Given, number: int) -> tuple[Verdict | None, list[Any]]:
    """Return the items of an answer, or the verdict on all of it."""
    if given.stop_reason in CUT_OFF:
        return Verdict("cut_off", "the answer was longer than the most tokens it may have"), []
    if given.stop_reason in WITHHELD:
        return Verdict("withheld", f"the answer ended with {given.stop_reason}"), []
    if given.input is None:
        return Verdict("no_tool_use", "the model answered without calling the tool"), []
    items = given.input.get("items") if isinstance(given.input, dict) else None
    if not isinstance(items, list) or set(given.input) != {"items"}:
        return Verdict("malformed", "the tool's input is not an object with a list `items`"), []
    if len(items) > number:
        return Verdict("malformed", f"{len(items)} items came, at most {number} were asked for"), []
    return None, items
