"""What the functions of one build hand to each other, below `datasets-work/<run>/` of the artifacts bucket.

A state machine carries at most 256 KiB from state to state, so it carries names only. All of it goes when the dataset
is there; what a failed build leaves, the bucket's lifecycle removes.
"""

from dataclasses import dataclass
from typing import Literal

import msgspec

from slipway_runtime.datasets.bucket import Bucket
from slipway_runtime.datasets.contamination import ContaminationIndex
from slipway_runtime.datasets.recipe import Recipe

Source = Literal["documents", "corpus", "examples", "feedback"]


class Shard(msgspec.Struct, frozen=True, kw_only=True):
    """What one function works on: curated documents as (tenant, document id), or files of lines by key."""

    number: int
    source: Source
    documents: list[tuple[str, str]] = []
    keys: list[str] = []


class EvaluationSet(msgspec.Struct, frozen=True, kw_only=True):
    """An evaluation set that was kept out. `unchecked`: items of too few words."""

    name: str
    sha256: str
    items: int
    unchecked: int


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The recipe of a build, and what it is checked against."""

    recipe: Recipe
    evaluation_sets: list[EvaluationSet]
    shards: int


class SourceDocument(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """A version of a document that examples were made of; empty where the lineage table does not hold the version."""

    document_id: str
    source_version: str
    rules: str
    tenant: str = ""
    path: str = ""
    sha256: str = ""

    def json_line(self) -> bytes:
        """Return it as one line of canonical JSON."""
        return msgspec.json.encode(self, order="sorted") + b"\n"


class Books(msgspec.Struct, kw_only=True):
    """What became of the lines of a shard: seen = kept + rejects. `contaminated`: by evaluation set."""

    seen: int = 0
    kept: int = 0
    rejects: dict[str, int] = {}
    contaminated: dict[str, int] = {}
    documents: list[SourceDocument] = []


@dataclass(frozen=True, kw_only=True)
class Work:
    """The folder of one build."""

    bucket: Bucket
    run_id: str

    def key(self, name: str) -> str:
        """Return the key of a file of the build."""
        return f"datasets-work/{self.run_id}/{name}"

    def write(self, name: str, value: object) -> None:
        """Write a value as JSON."""
        self.bucket.write(self.key(name), msgspec.json.encode(value, order="sorted"))

    def plan(self) -> Plan:
        """Return the plan that the first function wrote."""
        return msgspec.json.decode(self.bucket.read(self.key("plan.json")), type=Plan)

    def books(self, number: int) -> Books:
        """Return the books of a shard."""
        return msgspec.json.decode(self.bucket.read(self.key(f"{number}/books.json")), type=Books)

    def index(self) -> ContaminationIndex:
        """Return the evaluation sets as the first function wrote them."""
        return ContaminationIndex.from_bytes(self.bucket.read(self.key("evaluation-sets.npz")))
