"""Entities of a document through Amazon Comprehend: short passages 25 at a time, longer ones one by one.

Limits count bytes of UTF-8, offsets count characters; an entity that does not fit its text is left out and counted.
Source: Amazon Comprehend developer guide, "Guidelines and quotas" (100 KB a text, 5 KB a text of a batch, 25 texts a
batch); API reference, BatchDetectEntities, Entity.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from slipway_runtime.operate.retry import CONNECTION_ERRORS, Backoff, Deadline, error_code
from slipway_runtime.prepare.augment.books import Verdict
from slipway_runtime.prepare.label.record import Entity
from slipway_runtime.prepare.redact.names import ENTITY_LANGUAGES, PII_LANGUAGES, pieces

LANGUAGES = (*PII_LANGUAGES, *ENTITY_LANGUAGES)
MAX_BATCH_TEXTS, MAX_BATCH_TEXT_BYTES = 25, 5_000
MIN_SCORE = 0.5
TRANSIENT = CONNECTION_ERRORS | {"InternalServerException", "ThrottlingException", "TooManyRequestsException"}


@dataclass(frozen=True, kw_only=True)
class Entities:
    """Finds entities by the boto3 client `client` of Comprehend."""

    client: Any
    backoff: Backoff = field(default_factory=Backoff)

    def find(
        self, stretches: Sequence[tuple[int, str]], language: str, deadline: Deadline
    ) -> tuple[list[Entity], int] | Verdict:
        """Return the entities of (offset, text) stretches in order, and how many were left out for their offsets.

        Where stretches overlap an entity counts once.
        Raises: RuntimeError for a text that Comprehend would not read, and the errors of Comprehend.
        """
        if language not in LANGUAGES:
            found = f"in {language!r}" if language else "in no language that is sure"
            reason = f"Comprehend finds entities in {', '.join(LANGUAGES)}, and the text is {found}"
            return Verdict("language_not_supported", reason)
        entities: dict[tuple[int, int, str], Entity] = {}
        misfits = 0
        for offset, text, answered in self._ask(stretches, language, deadline):
            for each in answered:
                begin, end = each["BeginOffset"], each["EndOffset"]
                if not begin < end <= len(text) or each.get("Text", text[begin:end]) != text[begin:end]:
                    misfits += 1
                elif each["Score"] >= MIN_SCORE:
                    entity = Entity(offset + begin, offset + end, each["Type"], round(each["Score"], 4))
                    entities.setdefault((entity.start, entity.end, entity.type), entity)
        return sorted(entities.values()), misfits

    def _ask(
        self, stretches: Sequence[tuple[int, str]], language: str, deadline: Deadline
    ) -> Iterator[tuple[int, str, list[Any]]]:
        short: list[tuple[int, str]] = []
        for offset, text in stretches:
            if len(text.encode()) <= MAX_BATCH_TEXT_BYTES:
                short += [(offset, text)] if text.strip() else []
                continue
            for inner, piece in pieces(text):
                found = self._call(deadline, "detect_entities", Text=piece, LanguageCode=language)["Entities"]
                yield offset + inner, piece, found
        for at in range(0, len(short), MAX_BATCH_TEXTS):
            batch = short[at : at + MAX_BATCH_TEXTS]
            texts = [text for _, text in batch]
            answer = self._call(deadline, "batch_detect_entities", TextList=texts, LanguageCode=language)
            if errors := answer["ErrorList"]:
                raise RuntimeError(f"Comprehend refused {len(errors)} texts of a batch: {errors[0]['ErrorCode']}")
            for result in answer["ResultList"]:
                offset, text = batch[result["Index"]]
                yield offset, text, result["Entities"]

    def _call(self, deadline: Deadline, operation: str, **request: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.backoff.call(
            lambda: getattr(self.client, operation)(**request),
            retry_on=lambda error: error_code(error) in TRANSIENT,
            deadline=deadline,
        )
        return answer
