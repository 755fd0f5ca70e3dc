"""The card of a dataset: what it holds, of what it was made, by which rules, and what was left out and why.

Nothing in it depends on when or where it was made. Its version is a hash of all the rest of it, files included, so that
equal inputs give the same version, and a version means the same bytes for ever.
Source: Gebru et al., "Datasheets for Datasets" (2018); https://huggingface.co/docs/hub/datasets-cards
"""

import hashlib

import msgspec

from slipway_runtime.datasets.recipe import Recipe
from slipway_runtime.datasets.work import EvaluationSet

FORMAT = 1


class FileFacts(msgspec.Struct, frozen=True):
    """A file of the dataset."""

    bytes: int
    lines: int
    sha256: str


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """The card. seen = the lines of all splits + rejects, which counts examples by the code of the reason.

    `rules`: examples by version of the rules that made their documents; `documents`: of them, and their versions, there
    is one line each in documents.jsonl; `contaminated`: examples left out, by evaluation set.
    """

    recipe: Recipe
    version: str = ""
    format: int = FORMAT
    seen: int
    splits: dict[str, int]
    groups: dict[str, int]
    largest_group: int
    rejects: dict[str, int]
    origins: dict[str, int]
    rules: dict[str, int]
    documents: int
    evaluation_sets: list[EvaluationSet]
    contaminated: dict[str, int]
    files: dict[str, FileFacts]
    warnings: list[str]

    @property
    def balanced(self) -> bool:
        """Return whether every example is accounted for once."""
        return self.seen == sum(self.splits.values()) + sum(self.rejects.values())

    def with_version(self) -> "Card":
        """Return the card with its version: 16 hexadecimal digits."""
        data = msgspec.json.encode(msgspec.structs.replace(self, version=""), order="sorted")
        return msgspec.structs.replace(self, version=hashlib.sha256(data).hexdigest()[:16])

    def json(self) -> bytes:
        """Return the card for programs."""
        return msgspec.json.format(msgspec.json.encode(self, order="sorted"), indent=2) + b"\n"

    def markdown(self) -> bytes:
        """Return the card for people."""
        recipe = self.recipe
        sources = {name: getattr(recipe, name) for name in ("documents", "corpus", "examples", "feedback")}
        parts = [
            f"# {recipe.name}, version {self.version}",
            f"{sum(self.splits.values())} examples of kind `{recipe.kind}` from {self.documents} document versions.",
            *(f"**Warning:** {warning}" for warning in self.warnings),
            "## Examples",
            _table("split", "examples", self.splits),
            f"Split by groups ({recipe.group_by}) with seed {recipe.seed}: {_shares(recipe.split.shares())}. "
            f"{sum(self.groups.values())} groups, the largest of {self.largest_group} examples.",
            "## Left out",
            f"{self.seen} seen = {sum(self.splits.values())} in the splits + {sum(self.rejects.values())} left out. "
            "Each has its reason in `rejects.jsonl`.",
            _table("reason", "examples", self.rejects),
            "## Evaluation sets kept out",
            f"By n-grams of {recipe.ngram_words} words.",
            "| set | items | too short to check | examples left out | SHA-256 |\n|---|---|---|---|---|\n"
            + "\n".join(
                f"| {each.name} | {each.items} | {each.unchecked} | {self.contaminated.get(each.name, 0)} | "
                f"`{each.sha256}` |"
                for each in self.evaluation_sets
            ),
            "## Made of",
            "\n".join(
                f"- {name}: {', '.join(f'`{each}`' for each in found)}" for name, found in sources.items() if found
            ),
            _table("origin", "examples", self.origins),
            _table("rules", "examples", self.rules),
            "## Files",
            "| file | lines | bytes | SHA-256 |\n|---|---|---|---|\n"
            + "\n".join(
                f"| {name} | {file.lines} | {file.bytes} | `{file.sha256}` |" for name, file in self.files.items()
            ),
        ]
        return ("\n\n".join(part for part in parts if part) + "\n").encode()


def read_card(data: bytes) -> Card:
    """Return a card. Raises: msgspec.DecodeError if it is none."""
    return msgspec.json.decode(data, type=Card)


def _table(what: str, of: str, numbers: dict[str, int]) -> str:
    rows = "\n".join(f"| {name} | {number} |" for name, number in numbers.items())
    return f"| {what} | {of} |\n|---|---|\n{rows}" if rows else ""


def _shares(shares: dict[str, float]) -> str:
    return ", ".join(f"{name} {share:.0%}" for name, share in shares.items())
