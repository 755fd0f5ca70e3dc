"""What a dataset is to be made of, as a person or a schedule asks for it: the input of the state machine."""

import re
from typing import Literal

import msgspec

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\Z")
# The least of GPT-3's; below it ordinary phrases meet.
MIN_NGRAM_WORDS, MAX_NGRAM_WORDS = 8, 50
Kind = Literal["text", "messages", "prompt-completion"]
GroupBy = Literal["document", "near-duplicates"]


class RecipeError(Exception):
    """The recipe, or what it names, cannot make a dataset. The text names the field and the remedy."""


class Split(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Shares of the examples, 0 to 1, which add up to 1."""

    train: float = 0.9
    validation: float = 0.05
    test: float = 0.05

    def shares(self) -> dict[str, float]:
        """Return the shares by the name of the split."""
        return msgspec.structs.asdict(self)


class Recipe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sources, form and rules of a dataset.

    `documents`: "<tenant>/<first characters of paths>" of curated documents.   `corpus`: prefixes below `corpus/` of
    the curated bucket, from runs over the whole corpus.   `examples`, `feedback`: prefixes of JSONL in the artifacts
    bucket.   `evaluation_sets`: prefixes there that hold every set to keep out of training.
    `min_rating`: answers rated lower are not learnt from, 1 to 5.
    """

    name: str
    kind: Kind
    documents: list[str] = []
    corpus: list[str] = []
    examples: list[str] = []
    feedback: list[str] = []
    split: Split = Split()
    seed: int = 0
    group_by: GroupBy = "near-duplicates"
    evaluation_sets: list[str] = msgspec.field(default_factory=lambda: ["evaluation-sets/"])
    ngram_words: int = 13
    min_rating: int = 4

    def check(self) -> None:
        """Raise RecipeError that names the field, if this makes no dataset."""
        for field, problem in self._problems():
            raise RecipeError(f"{field}: {problem}")

    def _problems(self) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        if not NAME.match(self.name):
            found.append(("name", "1 to 63 of a-z, 0-9 and '-', beginning with a letter or digit"))
        if not (self.documents or self.corpus or self.examples or self.feedback):
            found.append(("documents, corpus, examples, feedback", "name at least one source"))
        if self.kind != "text" and (self.documents or self.corpus):
            found.append(
                ("kind", f"documents and corpus make examples of kind text, not {self.kind}; ask for kind text")
            )
        shares = self.split.shares()
        if any(not 0 <= share <= 1 for share in shares.values()) or abs(sum(shares.values()) - 1) > 1e-9:
            found.append(("split", f"shares from 0 to 1 that add up to 1, not {sum(shares.values()):g}"))
        if not self.evaluation_sets:
            found.append(("evaluation_sets", "at least one prefix, like evaluation-sets/"))
        if not MIN_NGRAM_WORDS <= self.ngram_words <= MAX_NGRAM_WORDS:
            found.append(("ngram_words", f"{MIN_NGRAM_WORDS} to {MAX_NGRAM_WORDS}"))
        if not 1 <= self.min_rating <= 5:
            found.append(("min_rating", "1 to 5"))
        for field in ("documents", "corpus", "examples", "feedback", "evaluation_sets"):
            if any(not prefix or prefix.startswith("/") for prefix in getattr(self, field)):
                found.append((field, "prefixes that are not empty and do not begin with '/'"))
        for prefix in self.documents:
            if "/" not in prefix:
                found.append(("documents", f"{prefix} names no tenant; write <tenant>/ or <tenant>/<path>"))
        return found


def read_recipe(given: object) -> Recipe:
    """Return the recipe of a state machine's input. Raises: RecipeError that names the field."""
    try:
        recipe = msgspec.convert(given, Recipe)
    except msgspec.ValidationError as error:
        raise RecipeError(str(error)) from error
    recipe.check()
    return recipe
