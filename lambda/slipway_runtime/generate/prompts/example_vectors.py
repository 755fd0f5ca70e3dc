"""The vectors of an example set's version: made once for each embedding model, kept in the table and in the process.

A set with 200 examples of 1,024 numbers has 800 KB in single precision: a few rows, each below DynamoDB's 400 KB.
"""

from array import array
from collections import OrderedDict
from dataclasses import dataclass, field

from slipway_runtime.generate.prompts.example_sets import ExampleSet
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.operate.rows import Row, Table, put
from slipway_runtime.retrieve.embed import Embedder

ROW_BYTES = 300_000
KEPT = 16
Vectors = list["array[float]"]


@dataclass(frozen=True, kw_only=True)
class ExampleVectors:
    """Finds or makes the vectors of inputs."""

    table: Table
    embedder: Embedder
    _kept: OrderedDict[tuple[str, int], Vectors] = field(default_factory=OrderedDict)

    def of(self, subject: str, number: int, examples: ExampleSet, deadline: Deadline) -> Vectors:
        """Return a unit vector for each example of the version `number` under `subject`, in order.

        Raises: EmbeddingError.
        """
        key = (subject, number)
        if key not in self._kept:
            inputs = [example.input for example in examples.examples]
            self._kept[key] = self._stored(subject, number, len(inputs)) or self._made(
                subject, number, inputs, deadline
            )
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    def query(self, text: str, deadline: Deadline) -> list[float]:
        """Return the unit vector of what examples are compared with. Raises: EmbeddingError."""
        return self.embedder.embed([text], deadline)[0]

    def _stored(self, subject: str, number: int, count: int) -> Vectors:
        data = b"".join(_bytes(row) for row in self.table.query(subject, self._prefix(number)))
        size = 4 * self.embedder.dimensions
        if len(data) != count * size:  # none yet, or a writer is at it or was ended in the middle
            return []
        return [array("f", data[at : at + size]) for at in range(0, len(data), size)]

    def _made(self, subject: str, number: int, inputs: list[str], deadline: Deadline) -> Vectors:
        made = [array("f", vector) for vector in self.embedder.embed(inputs, deadline)]
        data = b"".join(vector.tobytes() for vector in made)
        for at in range(0, len(data), ROW_BYTES):
            item = f"{self._prefix(number)}{at // ROW_BYTES:03}"
            self.table.write(put({"subject": subject, "item": item, "vectors": data[at : at + ROW_BYTES]}))
        return made

    def _prefix(self, number: int) -> str:
        return f"vectors#{number:06}#{self.embedder.model_id}#{self.embedder.dimensions}#"


def _bytes(row: Row) -> bytes:
    data = row["vectors"]
    return data if isinstance(data, bytes) else b""
