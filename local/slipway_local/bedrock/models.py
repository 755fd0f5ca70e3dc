"""The model identifiers that the local Bedrock knows. Another one is refused, as Bedrock refuses it."""

from __future__ import annotations

import re

from ..aws_json import JsonObject, validation_error

TITAN = "amazon.titan-embed-text-v2:0"
COHERE_MODELS = frozenset({"cohere.embed-english-v3", "cohere.embed-multilingual-v3", "cohere.embed-v4:0"})
EMBEDDING_MODELS = COHERE_MODELS | {TITAN}
TEXT_MODELS = frozenset(
    # One list, several to a line: a model is added or dropped every few weeks.
    """
    amazon.nova-micro-v1:0 amazon.nova-lite-v1:0 amazon.nova-pro-v1:0 amazon.nova-premier-v1:0 amazon.nova-2-lite-v1:0
    anthropic.claude-3-haiku-20240307-v1:0 anthropic.claude-3-5-haiku-20241022-v1:0
    anthropic.claude-3-5-sonnet-20241022-v2:0 anthropic.claude-3-7-sonnet-20250219-v1:0
    anthropic.claude-sonnet-4-20250514-v1:0 anthropic.claude-sonnet-4-5-20250929-v1:0
    anthropic.claude-haiku-4-5-20251001-v1:0 anthropic.claude-opus-4-1-20250805-v1:0
    anthropic.claude-opus-4-5-20251101-v1:0 anthropic.claude-sonnet-4-6 anthropic.claude-opus-4-6-v1
    meta.llama3-1-8b-instruct-v1:0 meta.llama3-1-70b-instruct-v1:0 meta.llama3-3-70b-instruct-v1:0
    meta.llama4-scout-17b-instruct-v1:0 meta.llama4-maverick-17b-instruct-v1:0
    mistral.mistral-large-2407-v1:0 mistral.mistral-small-2402-v1:0 mistral.pixtral-large-2502-v1:0
    openai.gpt-oss-20b-1:0 openai.gpt-oss-120b-1:0 deepseek.r1-v1:0 deepseek.v3-v1:0
    qwen.qwen3-32b-v1:0 qwen.qwen3-235b-a22b-2507-v1:0 cohere.command-r-v1:0 cohere.command-r-plus-v1:0
    ai21.jamba-1-5-mini-v1:0 ai21.jamba-1-5-large-v1:0
    """.split()  # noqa: SIM905
)
# Source: https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-supported-models-features.html
_TEXT_ALONE = re.compile(
    r"amazon\.nova-micro|anthropic\.claude-3-5-haiku|meta\.llama3-[13]|mistral\.mistral|openai\.|deepseek\.|qwen\.|"
    r"cohere\.|ai21\."
)
_ARN = re.compile(r"arn:[\w-]+:bedrock:[\w-]*:\d*:(foundation-model|inference-profile)/(?P<id>.+)")
_PROFILE = re.compile(r"(us|us-gov|eu|apac|jp|au|ca|sa|global)\.")


def resolve(identifier: str) -> str:
    """Return the model behind a model id, an inference profile (`eu.…`) or the ARN of either.

    Raises: ServiceError for one that Bedrock does not have, or that is not in the list above.
    """
    arn = _ARN.fullmatch(identifier)
    model = _PROFILE.sub("", arn["id"] if arn else identifier, count=1)
    if model in TEXT_MODELS or is_embedding(model):
        return model
    raise validation_error("The provided model identifier is invalid.")


def summaries() -> dict[str, JsonObject]:
    """Return by id what ListFoundationModels tells of each model."""
    return {model: _summary(model) for model in [*sorted(TEXT_MODELS), *sorted(EMBEDDING_MODELS)]}


def _summary(model: str) -> JsonObject:
    provider = model.split(".", maxsplit=1)[0]
    return {
        "modelId": model,
        "modelArn": f"arn:aws:bedrock:us-east-1::foundation-model/{model}",
        "modelName": model.split(".", 1)[1],
        "providerName": provider.capitalize(),
        "inputModalities": ["TEXT", "IMAGE"] if takes_images(model) else ["TEXT"],
        "outputModalities": ["EMBEDDING" if is_embedding(model) else "TEXT"],
        "responseStreamingSupported": not is_embedding(model),
        "inferenceTypesSupported": ["ON_DEMAND"],
        "modelLifecycle": {"status": "ACTIVE"},
    }


def is_embedding(model: str) -> bool:
    """Return whether the model embeds text."""
    return model in EMBEDDING_MODELS


def takes_images(model: str) -> bool:
    """Return whether the model looks at images in a conversation."""
    return model in TEXT_MODELS and not _TEXT_ALONE.match(model)
