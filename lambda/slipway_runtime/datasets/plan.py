"""The first step of a build: reads the recipe and the evaluation sets, and divides the sources into shards."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from slipway_runtime.datasets.bucket import Bucket, File
from slipway_runtime.datasets.contamination import ContaminationIndex
from slipway_runtime.datasets.evaluation_set import Item, read_items
from slipway_runtime.datasets.recipe import Recipe, RecipeError
from slipway_runtime.datasets.work import EvaluationSet, Plan, Shard, Source, Work
from slipway_runtime.operate.lineage import Lineage

DOCUMENTS_PER_SHARD = 500
BYTES_PER_SHARD = 32_000_000
REGISTERED = "evaluation-sets/"


@dataclass(frozen=True, kw_only=True)
class Planner:
    """Where the sources are. `artifacts`: examples, feedback, evaluation sets; `curated`: runs over the corpus."""

    lineage: Lineage
    curated: Bucket
    artifacts: Bucket

    def plan(self, recipe: Recipe, work: Work) -> Plan:
        """Write plan, shards and index, and return the plan. Raises: RecipeError naming a field that finds nothing."""
        shards = list(self._shards(recipe))
        if not shards:
            raise RecipeError(f"documents: no indexed document begins so: {', '.join(recipe.documents)}")
        items, hashes = self._evaluation_items(recipe)
        index, unchecked = ContaminationIndex.build(items, recipe.ngram_words)
        numbers = {name: sum(item.evaluation_set == name for item in items) for name in hashes}
        sets = [
            EvaluationSet(name=name, sha256=sha256, items=numbers[name], unchecked=unchecked.get(name, 0))
            for name, sha256 in sorted(hashes.items())
        ]
        plan = Plan(recipe=recipe, evaluation_sets=sets, shards=len(shards))
        work.bucket.write(work.key("evaluation-sets.npz"), index.to_bytes())
        work.write("shards.json", shards)
        work.write("plan.json", plan)
        return plan

    def _evaluation_items(self, recipe: Recipe) -> tuple[list[Item], dict[str, str]]:
        items: list[Item] = []
        hashes: dict[str, str] = {}
        for prefix in recipe.evaluation_sets:
            files = self.artifacts.files(prefix)
            # Before the first set is registered there is nothing; any other prefix was meant to find something.
            if not files and prefix != REGISTERED:
                raise RecipeError(f"evaluation_sets: no .jsonl object of the artifacts bucket begins with {prefix}")
            for file in files:
                if file.key in hashes:
                    continue
                data = self.artifacts.read(file.key)
                hashes[file.key] = hashlib.sha256(data).hexdigest()
                items += read_items(file.key, data.split(b"\n"))
        return items, hashes

    def _shards(self, recipe: Recipe) -> Iterator[Shard]:
        number = 0
        documents = self._documents(recipe)
        for begin in range(0, len(documents), DOCUMENTS_PER_SHARD):
            yield Shard(number=number, source="documents", documents=documents[begin : begin + DOCUMENTS_PER_SHARD])
            number += 1
        sources: list[tuple[Source, Bucket, list[str]]] = [
            ("corpus", self.curated, [f"corpus/{prefix}" for prefix in recipe.corpus]),
            ("examples", self.artifacts, recipe.examples),
            ("feedback", self.artifacts, recipe.feedback),
        ]
        for source, bucket, prefixes in sources:
            for keys in _packed(_files(source, bucket, prefixes)):
                yield Shard(number=number, source=source, keys=keys)
                number += 1

    def _documents(self, recipe: Recipe) -> list[tuple[str, str]]:
        found: set[tuple[str, str]] = set()
        for prefix in recipe.documents:
            tenant, _, path = prefix.partition("/")
            found |= {
                (tenant, record.document_id)
                for record in self.lineage.list(tenant, prefix=path)
                if record.status == "indexed"
            }
        return sorted(found)


def _files(source: Source, bucket: Bucket, prefixes: list[str]) -> list[File]:
    found: dict[str, File] = {}
    for prefix in prefixes:
        files = bucket.files(prefix)
        if not files:
            raise RecipeError(f"{source}: no .jsonl object of the bucket {bucket.name} begins with {prefix}")
        found |= {file.key: file for file in files}
    return [found[key] for key in sorted(found)]


def _packed(files: list[File]) -> Iterator[list[str]]:
    keys: list[str] = []
    size = 0
    for file in files:
        if keys and size + file.bytes > BYTES_PER_SHARD:
            yield keys
            keys, size = [], 0
        keys.append(file.key)
        size += file.bytes
    if keys:
        yield keys
