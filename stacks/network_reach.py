"""What the functions of features do, by service: the endpoints of a private network let this through and no more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from slipway_constructs.text_recognition import TEXTRACT_ACTIONS
from stacks.answering import KNOWLEDGE_ACTIONS, RERANK_ACTIONS, SYNC_ACTIONS
from stacks.bedrock import INVOKE_STREAM
from stacks.ingestion import COMPREHEND_ACTIONS, DUPLICATES_ACTIONS, SEND_AGAIN
from stacks.labelling_api import API_TABLE_ACTIONS, TASK_ACTIONS
from stacks.memory_access import DELETE_ACTIONS
from stacks.meters_access import ERASE_ACTIONS
from stacks.prompts_access import MIRROR_ACTIONS
from stacks.routing import ENDPOINT_ACTIONS, all_routes
from stacks.said_access import CACHE_ACTIONS
from stacks.settings_ocr import recognises
from stacks.settings_sources import redacts_names
from stacks.stores import generation_kind, kind
from stacks.training_job import REACH as TRAINING_REACH

if TYPE_CHECKING:
    from stacks.settings import Settings
    from stacks.slipway_stack import SlipwayStack

CHECK_ITEM = "dynamodb:ConditionCheckItem"  # the prompts need no more beyond every environment
LABEL_ACTIONS = ("comprehend:BatchDetectEntities", "comprehend:ClassifyDocument")
Row = tuple[bool, str, Sequence[str]]


def reach(stack: SlipwayStack) -> dict[str, list[str]]:
    """Return the actions by service, beyond those of every environment (`private_network`)."""
    found = defaultdict[str, list[str]](list)
    for is_on, service, actions in (*_of_features(stack), *_of_parts(stack.settings)):
        if is_on:
            found[service] += actions
    return found


def _of_features(stack: SlipwayStack) -> list[Row]:
    settings, ingestion = stack.settings, stack.settings.ingestion
    embedding = [each.endpoint for _, each in settings.retrieval.embedding.models]
    embeds_by_endpoint = any(endpoint and endpoint.sagemaker_endpoint for endpoint in embedding)
    names = redacts_names(ingestion.rules, ingestion.sources)
    has_knowledge_base = settings.retrieval.knowledge_base.enabled
    searches, scans = stack.searches_duplicates(), recognises(ingestion)
    return [
        (True, "bedrock-runtime", [INVOKE_STREAM]),
        (True, "ssm", ["ssm:GetParameter", "ssm:GetParameters"]),
        (names or settings.augmentation.labels, "comprehend", [*COMPREHEND_ACTIONS, *LABEL_ACTIONS]),
        (settings.labelling.enabled, "states", TASK_ACTIONS),
        (settings.labelling.enabled, "dynamodb", API_TABLE_ACTIONS),
        (settings.cache.enabled, "dynamodb", CACHE_ACTIONS),
        (settings.prompts.enabled, "dynamodb", [CHECK_ITEM]),
        (settings.conversations.enabled, "dynamodb", DELETE_ACTIONS),
        (settings.metering.enabled, "dynamodb", ERASE_ACTIONS),
        (searches, "dynamodb", DUPLICATES_ACTIONS),
        (embeds_by_endpoint, "sagemaker.runtime", ["sagemaker:InvokeEndpoint"]),
        (any(route.sagemaker for route in all_routes(stack)), "sagemaker.runtime", ENDPOINT_ACTIONS),
        (settings.answering.reranker != "off", "bedrock-agent-runtime", RERANK_ACTIONS),
        (has_knowledge_base, "bedrock-agent-runtime", KNOWLEDGE_ACTIONS),
        (has_knowledge_base, "bedrock-agent", SYNC_ACTIONS),
        (settings.prompts.enabled and settings.prompts.mirror, "bedrock-agent", MIRROR_ACTIONS),
        (scans, "textract", TEXTRACT_ACTIONS),
        (searches or scans, "sqs", [SEND_AGAIN]),
    ]


def _of_parts(settings: Settings) -> Iterator[Row]:
    generations = generation_kind(settings) if settings.reindex.enabled else None
    training = TRAINING_REACH if settings.training.enabled else {}
    for by_service in (kind(settings).reach, generations.generation_reach if generations else {}, training):
        yield from ((True, service, actions) for service, actions in by_service.items())
