"""Brings new versions of prompts to Bedrock Prompt Management, as the stream of the prompts table tells of them."""

from typing import Any

from slipway_runtime import settings
from slipway_runtime.generate.prompts.mirror import Mirrors
from slipway_runtime.generate.prompts.mirror_prompts import BedrockPrompts
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.observability import count, logger, observed
from slipway_runtime.operate.rows import Table


@observed
def handler(event: dict[str, Any], _context: Any) -> None:
    """Bring each prompt of a batch once. Raises: the first of what kept some from it; the batch comes again."""
    mirrors = _mirrors()
    failures = []
    for subject in sorted({record["dynamodb"]["Keys"]["subject"]["S"] for record in event["Records"]}):
        tenant, kind, name = subject.split("#", 2)
        if kind != "prompt":  # example sets have versions too
            continue
        try:
            mirrors.bring(tenant, name)
        except Exception as error:  # one prompt must not keep the others waiting
            logger.exception("prompt not mirrored", extra={"tenant": tenant, "prompt": name})
            failures.append(error)
    if failures:
        raise failures[0]


def _mirrors() -> Mirrors:
    bedrock = BedrockPrompts(
        client=client("bedrock-agent"),
        environment=settings.required("SLIPWAY_ENVIRONMENT"),
        key_arn=settings.optional("PROMPTS_KEY_ARN"),
    )
    table = Table(client=client("dynamodb"), name=settings.required("PROMPTS_TABLE"))
    return Mirrors(table=table, bedrock=bedrock, refused=lambda: count("PromptsNotMirrored"))
