"""The rules between the settings of augmentation and others, each with its remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from stacks.regions import profile_prefix
from stacks.settings_violation import Violation

if TYPE_CHECKING:
    from stacks.settings import Settings

# ToolChoice "tool" is "only supported by Anthropic Claude 3 and Amazon Nova models", and their successors. Source:
# Amazon Bedrock API reference, ToolChoice.
CAN_BE_MADE_TO_CALL = ("anthropic.claude", "amazon.nova")
# Source: Amazon Bedrock user guide, "Supported models and model features".
NO_IMAGES = ("amazon.nova-micro", "anthropic.claude-3-5-haiku")
# What one call may take: runtime's FRAME_TOKENS, MAX_OUTPUT_TOKENS, IMAGE_TOKENS, and two tokens for each character.
FRAME_AND_ANSWER_TOKENS, IMAGE_TOKENS, TOKENS_PER_CHARACTER = 4_048, 5_000, 2


def _augmentation_model(settings: Settings) -> Iterator[Violation]:
    augmentation, models = settings.augmentation, settings.models
    key = ("augmentation", "model")
    if augmentation.model not in models:
        if augmentation.model == "default":  # that there is one is a rule of the gateway's
            return
        yield Violation(
            key=key,
            expected=f"an alias of models: {', '.join(sorted(models))}",
            got=augmentation.model,
            remedy="Name one of these, or add the alias there.",
        )
        return
    model_id = models[augmentation.model].model_id
    prefix = profile_prefix(model_id)
    plain = model_id.removeprefix(f"{prefix}.") if prefix else model_id
    if augmentation.enabled and not plain.startswith(CAN_BE_MADE_TO_CALL):
        yield Violation(
            key=key,
            expected="a model that can be made to call a tool: Anthropic Claude or Amazon Nova",
            got=f"{augmentation.model}, which is {model_id}",
            remedy="Add an alias with such a model to models, and name it here.",
        )
    if augmentation.captions and plain.startswith(NO_IMAGES):
        yield Violation(
            key=("augmentation", "captions"),
            expected="false with a model that takes no images",
            got=f"true with {model_id}",
            remedy="Take a model that looks at images, like amazon.nova-lite-v1:0, or switch captions off.",
        )


def _augmentation_classes(settings: Settings) -> Iterator[Violation]:
    augmentation = settings.augmentation
    if augmentation.classes and augmentation.classifier_arn:
        yield Violation(
            key=("augmentation", "classifier_arn"),
            expected="nothing beside classes",
            got=augmentation.classifier_arn,
            remedy="Let either the model or the classifier say the class.",
        )
    if len(augmentation.classes) == 1 or len(set(augmentation.classes)) < len(augmentation.classes):
        yield Violation(
            key=("augmentation", "classes"),
            expected="two classes or more, all different",
            got=", ".join(augmentation.classes),
            remedy="Add the class of what fits none of the others.",
        )


def _augmentation_budget(settings: Settings) -> Iterator[Violation]:
    augmentation = settings.augmentation
    passage = settings.ingestion.chunk_characters * TOKENS_PER_CHARACTER
    least = FRAME_AND_ANSWER_TOKENS + max(passage, IMAGE_TOKENS if augmentation.captions else 0)
    if augmentation.max_tokens < least:
        yield Violation(
            key=("augmentation", "max_tokens"),
            expected=f"room for one call, which may take {least} tokens with these chunks",
            got=augmentation.max_tokens,
            remedy="Raise max_tokens or lower ingestion.chunk_characters.",
        )


RULES: tuple[Callable[[Settings], Iterator[Violation]], ...] = (
    _augmentation_model,
    _augmentation_classes,
    _augmentation_budget,
)
