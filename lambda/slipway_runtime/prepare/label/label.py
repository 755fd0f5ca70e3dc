"""The labels of a curated document, with their part in its books."""

from dataclasses import dataclass

from slipway_runtime.operate.retry import Deadline
from slipway_runtime.prepare.augment.books import Verdict
from slipway_runtime.prepare.augment.outcome import Outcome
from slipway_runtime.prepare.curate import CuratedDocument
from slipway_runtime.prepare.label.classifier import Classifier
from slipway_runtime.prepare.label.entities import Entities
from slipway_runtime.prepare.label.record import ClassLabel, LabelRecord
from slipway_runtime.retrieve.chunk import ChunkSettings, chunk


@dataclass(frozen=True, kw_only=True)
class Labeller:
    """Finds entities by `entities` and classes by `classifier`, each where it is there."""

    entities: Entities | None
    classifier: Classifier | None
    chunking: ChunkSettings

    def document(self, document: CuratedDocument, outcome: Outcome, deadline: Deadline) -> None:
        """Write the labels into `outcome`, with the classes that are among its items already.

        Raises: the errors of Comprehend, Rejected for too many chunks.
        """
        record = LabelRecord(
            document_id=document.document_id,
            source_version=document.source_version,
            rules=document.rules,
            language=document.language,
            classes=[
                ClassLabel(name=item.example.messages[-1].content, by=item.example.rules[0].rpartition("/")[2])
                for item in outcome.items
                if item.kind == "class"
            ],
        )
        outcome.labels = record
        if self.entities:
            self._find(self.entities, document, outcome, record, deadline)
        if self.classifier:
            outcome.tally("class").asked += 1
            if found := self.classifier.classes(document.text, deadline):
                record.classes += found
                outcome.tally("class").kept += 1
            else:
                verdict = Verdict("not_given", "the classifier gave the text no class")
                outcome.reject("class", outcome.item_id("class", 0, 0), verdict)

    def _find(
        self, entities: Entities, document: CuratedDocument, outcome: Outcome, record: LabelRecord, deadline: Deadline
    ) -> None:
        outcome.tally("entities").asked += 1
        stretches = [(piece.start, piece.content) for piece in chunk(document.prepared(), self.chunking)]
        found = entities.find(stretches, document.language, deadline)
        if isinstance(found, Verdict):
            outcome.reject("entities", outcome.item_id("entities", 0, 0), found)
            return
        record.entities, record.misfits = found
        outcome.tally("entities").kept += 1
