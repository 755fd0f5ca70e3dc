"""The last step of a build: gathers the shards, parts the examples into splits, and writes files and card."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from slipway_runtime.datasets.bucket import Bucket
from slipway_runtime.datasets.card import Card, FileFacts
from slipway_runtime.datasets.example import Example
from slipway_runtime.datasets.files import LineFile
from slipway_runtime.datasets.formats import dataset_line
from slipway_runtime.datasets.gathered import Gathered
from slipway_runtime.datasets.groups import group_names
from slipway_runtime.datasets.recipe import Recipe, RecipeError
from slipway_runtime.datasets.refused import Reject
from slipway_runtime.datasets.split import assign
from slipway_runtime.datasets.work import Books, Plan, SourceDocument, Work
from slipway_runtime.prepare.duplicates.normal import digest

LARGE_GROUP = 0.5


class UnbalancedError(Exception):
    """The lines of a build do not add up: one was lost or counted twice."""


@dataclass(frozen=True, kw_only=True)
class Finisher:
    """Makes a dataset of a build whose shards are all collected."""

    artifacts: Bucket
    work: Work

    def finish(self) -> Card:
        """Write the dataset below `datasets/<name>/<version>/`, the card last, and return the card.

        A version that is there already stays as it is. Raises: UnbalancedError; RecipeError if no example is left.
        """
        plan = self.work.plan()
        books = [self.work.books(number) for number in range(plan.shards)]
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            with Gathered(self._lines(plan, "examples"), folder / "gathered") as examples:
                if not len(examples):
                    raise RecipeError(f"no example is left: {_sum(books, 'rejects') or 'the sources are empty'}")
                card = self._written(plan, books, examples, folder)
            place = f"datasets/{plan.recipe.name}/{card.version}"
            if not self.artifacts.has(f"{place}/card.json"):
                for file in card.files:
                    self.artifacts.upload(folder / file, f"{place}/{file}")
                self.artifacts.write(f"{place}/card.md", card.markdown())
                self.artifacts.write(f"{place}/card.json", card.json())
        self.work.bucket.remove_all(self.work.key(""))
        return card

    def _lines(self, plan: Plan, what: str) -> Iterator[bytes]:
        for number in range(plan.shards):
            for line in self.work.bucket.lines(self.work.key(f"{number}/{what}.jsonl")):
                yield line + b"\n"

    def _written(self, plan: Plan, books: list[Books], examples: Gathered, folder: Path) -> Card:
        groups = groups_of(examples, plan.recipe)
        sizes = Counter(groups)
        shares = plan.recipe.split.shares()
        splits = assign(sizes, shares, plan.recipe.seed)
        files = {name: LineFile(folder / f"{name}.jsonl") for name in (*shares, "documents", "rejects")}
        for example, group in zip(examples, groups, strict=True):
            files[splits[group]].write(dataset_line(example, plan.recipe.kind, group))
        made_of = _made_of(examples, books)
        for document in made_of.documents:
            files["documents"].write(document.json_line())
        duplicates = [_duplicate(example, stays) for example, stays in examples.duplicates]
        for line in sorted([*self._lines(plan, "rejects"), *(each.json_line() for each in duplicates)]):
            files["rejects"].write(line)
        facts = {f"{name}.jsonl": file.close() for name, file in files.items()}
        card = Card(
            recipe=plan.recipe,
            seen=sum(each.seen for each in books),
            splits={name: facts[f"{name}.jsonl"].lines for name in shares},
            groups=_count(splits, list(shares)),
            largest_group=max(sizes.values()),
            rejects=_rejects(books, len(duplicates)),
            origins=made_of.origins,
            rules=made_of.rules,
            documents=len(made_of.documents),
            evaluation_sets=plan.evaluation_sets,
            contaminated=_sum(books, "contaminated"),
            files=facts,
            warnings=list(_warnings(plan, sizes, facts)),
        )
        if not card.balanced or facts["rejects.jsonl"].lines != sum(card.rejects.values()):
            raise UnbalancedError(f"{card.seen} seen, {card.splits} in the splits, rejects {card.rejects}")
        return card.with_version()


@dataclass(frozen=True, kw_only=True)
class _MadeOf:
    """Examples by origin and by version of rules, and the versions of documents behind them."""

    origins: dict[str, int]
    rules: dict[str, int]
    documents: list[SourceDocument]


def _made_of(examples: Gathered, books: list[Books]) -> _MadeOf:
    origins: Counter[str] = Counter()
    rules: Counter[str] = Counter()
    used: set[tuple[str, str, str]] = set()
    for example in examples:
        origins[example.origin] += 1
        rules.update(set(example.rules))
        used |= set(zip(example.documents, example.source_versions, example.rules, strict=True))
    return _MadeOf(
        origins=dict(sorted(origins.items())), rules=dict(sorted(rules.items())), documents=_documents(books, used)
    )


def groups_of(examples: Gathered, recipe: Recipe) -> list[str]:
    """Return the name of the group of each example: those of one group are never parted."""
    keys = [_keys(example) for example in examples]
    return group_names(keys, examples.folded() if recipe.group_by == "near-duplicates" else None)


def _keys(example: Example) -> list[str]:
    given = [f"group:{example.group}"] if example.group else []
    given += [f"asked:{digest(asked)}"] if (asked := example.opening()) else []
    return [*given, *(f"document:{each}" for each in example.documents)] or [f"example:{example.example_id}"]


def _documents(books: list[Books], used: set[tuple[str, str, str]]) -> list[SourceDocument]:
    found = {document for each in books for document in each.documents}
    return sorted(each for each in found if (each.document_id, each.source_version, each.rules) in used)


def _duplicate(example: Example, stays: str) -> Reject:
    return Reject(
        source="",
        line=0,
        code="duplicate",
        reason=f"has the same words as example {stays}, which stays",
        documents=example.documents,
        example_id=example.example_id,
    )


def _count(splits: dict[str, str], names: list[str]) -> dict[str, int]:
    counts = Counter(splits.values())
    return {name: counts[name] for name in names}


def _sum(books: list[Books], what: str) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in books:
        total.update(getattr(each, what))
    return dict(sorted(total.items()))


def _rejects(books: list[Books], duplicates: int) -> dict[str, int]:
    found = _sum(books, "rejects")
    return dict(sorted({**found, "duplicate": duplicates}.items())) if duplicates else found


def _warnings(plan: Plan, sizes: Counter[str], facts: dict[str, FileFacts]) -> Iterator[str]:
    if max(sizes.values()) > LARGE_GROUP * sizes.total():
        yield (
            f"one group has {max(sizes.values())} of {sizes.total()} examples, so the shares are not kept: examples "
            "that share documents or words stay together"
        )
    for name, share in plan.recipe.split.shares().items():
        if share and not facts[f"{name}.jsonl"].lines:
            yield f"{name} is empty: there are too few groups for a share of {share:.0%}"
    if not plan.evaluation_sets:
        yield "no evaluation set is registered, so nothing was kept out"
    for each in plan.evaluation_sets:
        if each.unchecked:
            yield f"{each.unchecked} of {each.items} items of {each.name} are too short to be checked"
