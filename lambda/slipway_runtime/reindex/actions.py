"""What a person does with generations: estimate, start, switch, roll back, drop, and look."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from slipway_runtime.operate.retry import Deadline
from slipway_runtime.reindex.compare import Comparison, compare
from slipway_runtime.reindex.estimate import Estimating
from slipway_runtime.reindex.generations import Generation, Generations, Refused, Registry
from slipway_runtime.retrieve.stores.contract import GenerationStore

Report = dict[str, Any]
Action = Literal["estimate", "status", "start", "built", "switch", "rollback", "drop", "remove"]


class Asked(msgspec.Struct):
    """The input of an execution. `documents_only`: a switch compares documents, whatever their chunks.

    `generation`: of the steps that follow a start or a drop.   `grace_seconds`: from a drop to the removal of the data,
    at least as long as a function may still write or search what it saw before.
    """

    action: Action
    documents_only: bool = False
    generation: int = 0
    grace_seconds: int = 0


@dataclass(frozen=True, kw_only=True)
class Reindex:
    """Acts on the registry and the stores. `wanted`: the model and chunks that a new generation is made with."""

    registry: Registry
    wanted: Generation
    store: Callable[[int], GenerationStore]
    estimating: Callable[[], Estimating]

    def act(self, asked: Asked, execution: str, deadline: Deadline) -> Report:
        """Do what is asked; `next` in the report says what the state machine does then.

        Raises: Refused with the reason and what helps, StoreUnavailable, EmbeddingError.
        """
        found = self.registry.read()
        if found is None:
            raise Refused("no generation is noted: deploy the retrieval stack, whose migration does it")
        steps: dict[Action, Callable[[], Report]] = {
            "status": lambda: _report(found),
            "estimate": lambda: {**_report(found), "estimate": self._estimate(deadline)},
            "start": lambda: self._start(found, execution, deadline),
            "built": lambda: _report(self.registry.write(found.built(asked.generation))),
            "switch": lambda: self._switch(found, asked, deadline),
            "rollback": lambda: _report(self.registry.write(found.rolled_back())),
            "drop": lambda: self._drop(found, asked),
            "remove": lambda: self._remove(found, asked, deadline),
        }
        return steps[asked.action]()

    def _estimate(self, deadline: Deadline) -> Report:
        made: Report = msgspec.to_builtins(self.estimating().estimate(deadline))
        return {**made, "model_id": self.wanted.model_id, "dimensions": self.wanted.dimensions}

    def _start(self, found: Generations, execution: str, deadline: Deadline) -> Report:
        made = found.building
        if made is None or made.execution != execution:  # else the same step again
            made = msgspec.structs.replace(self.wanted, number=found.last + 1, execution=execution)
            begun = found.begun(made)
            # First the store, then the note: who reads the note writes to the store.
            self.store(made.number).migrate(made.dimensions, deadline)
            found = self.registry.write(begun)
        return {**_report(found), "next": "build", "generation": made.number}

    def _switch(self, found: Generations, asked: Asked, deadline: Deadline) -> Report:
        changed = found.switched()
        before, after = found.active, changed.active
        with_chunks = not asked.documents_only and before.chunks == after.chunks
        one, other = self.store(before.number), self.store(after.number)
        seen = compare(one, other, deadline, with_chunks=with_chunks)
        if seen.differing:
            raise Refused(f"not switched: {seen.told(before.label, after.label)}. {_remedy(seen)}")
        return {
            **_report(self.registry.write(changed)),
            "documents": seen.documents[1],
            "chunks": {"before": seen.chunks[0], "after": seen.chunks[1]},
        }

    def _drop(self, found: Generations, asked: Asked) -> Report:
        changed = found.dropped()
        noted = changed if changed is found else self.registry.write(changed)
        assert noted.dropping is not None  # noqa: S101 - what dropped() says
        return {
            **_report(noted),
            "next": "remove",
            "action": "remove",
            "generation": noted.dropping.number,
            "grace_seconds": asked.grace_seconds,
        }

    def _remove(self, found: Generations, asked: Asked, deadline: Deadline) -> Report:
        removed = found.removed(asked.generation)
        self.store(asked.generation).drop(deadline)
        return _report(self.registry.write(removed))


def _remedy(seen: Comparison) -> str:
    if all(here and there for here, there in seen.differing.values()):
        return "If the settings of chunks have changed, --documents-only leaves their number out"
    return "Ingest these documents again (`slipway ingest --again`), or drop the new generation and start anew"


def _report(found: Generations) -> Report:
    names = ("active", "building", "previous", "dropping")
    shown = {name: msgspec.to_builtins(each) for name in names if (each := getattr(found, name))}
    return {**dict.fromkeys(names), **shown, "next": "done"}
