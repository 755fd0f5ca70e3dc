"""The settings of augmentation: what a model makes of documents, what Comprehend finds in them, and what that may cost.

The runtime reads them by `slipway_runtime.prepare.augment.wishes`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from stacks.settings_section import Section

if TYPE_CHECKING:
    from stacks.settings_models import Model

ClassName = Annotated[str, Field(pattern=r"^[^\s,][^,\x00-\x1f\x7f]{0,62}$")]


class Augmentation(Section):
    """Runs that make examples of curated documents, started by `slipway augment`. Off, it creates nothing."""

    enabled: bool = Field(False, description="Create the state machine; it costs nothing until a run is started.")
    model: str = Field("default", description="Alias of `models` that is asked; Claude or Nova.")
    questions: int = Field(4, ge=0, le=40, description="Questions with answers asked for, for each document.")
    paraphrases: int = Field(0, ge=0, le=40, description="Sentences in other words asked for, for each document.")
    captions: bool = Field(False, description="Describe the images of the raw bucket; the model must look at images.")
    entities: bool = Field(
        False,
        description="Label entities by Amazon Comprehend, about $1 a million characters; in a created VPC one endpoint "
        "more, about $7 a month for each zone.",
    )
    classes: list[ClassName] = Field(
        default_factory=list,
        max_length=50,
        description="Classes of which the model gives each document one; none listed: no class is asked for.",
    )
    classifier_arn: str | None = Field(
        None,
        pattern=r"^arn:[a-z-]+:comprehend:[a-z0-9-]+:[0-9]{12}:document-classifier-endpoint/[A-Za-z0-9-]+$",
        description="ARN of an endpoint of a custom classifier of Amazon Comprehend, in place of `classes`.",
    )
    max_documents: int = Field(1000, ge=1, le=5000, description="Documents at most in a run.")
    max_calls: int = Field(2000, ge=1, le=1_000_000, description="Calls of the model at most in a run.")
    max_tokens: int = Field(
        5_000_000, ge=1, le=10_000_000_000, description="Tokens at most in a run, in and out together."
    )
    max_concurrency: int = Field(5, ge=1, le=100, description="Documents worked on at the same time.")
    tolerated_failures_percent: int = Field(
        10, ge=0, le=100, description="Documents, in percent, that may fail before a run does."
    )

    @property
    def labels(self) -> bool:
        """Return whether Amazon Comprehend is asked."""
        return self.enabled and (self.entities or self.classifier_arn is not None)


def wishes_document(augmentation: Augmentation, models: dict[str, Model]) -> str:
    """Return the JSON that functions read. Raises: KeyError for an alias that is not there."""
    wishes = {
        "model_id": models[augmentation.model].model_id,
        "questions": augmentation.questions,
        "paraphrases": augmentation.paraphrases,
        "captions": augmentation.captions,
        "entities": augmentation.entities,
        "classes": augmentation.classes,
        "classifier_arn": augmentation.classifier_arn or "",
        "max_documents": augmentation.max_documents,
        "max_calls": augmentation.max_calls,
        "max_tokens": augmentation.max_tokens,
    }
    return json.dumps(wishes, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
