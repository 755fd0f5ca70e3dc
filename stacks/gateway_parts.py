"""The functions behind the API beside chat and authorize: what each is called, does, is given and may do.

A new one is an entry here and its routes in `slipway_constructs.api_routes`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slipway_constructs.permissions import allow
from stacks import memory_access, meters_access, prompts_access, said_access
from stacks.answering import KNOWLEDGE_ACTIONS, allow_search, search_variables

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam

    from stacks.settings import Settings
    from stacks.slipway_stack import SlipwayStack

OBJECTS_REASON = (
    "DELETE /v1/documents/{id} removes every version of a document, whose key the tenant chose; the function deletes "
    "in this one bucket, below the caller's tenant."
)


@dataclass(frozen=True, kw_only=True)
class ApiPart:
    """One function: its handler's module is its `name`."""

    name: str
    does: str
    is_on: Callable[[Settings], bool]
    variables: Callable[[SlipwayStack], dict[str, str]]
    allow: Callable[[SlipwayStack, iam.Role], None]


def parts(settings: Settings) -> list[ApiPart]:
    """Return those that an environment has."""
    return [part for part in PARTS if part.is_on(settings)]


def _search_variables(stack: SlipwayStack) -> dict[str, str]:
    found = search_variables(stack)
    if stack.settings.retrieval.knowledge_base.enabled:
        found["KNOWLEDGE_BASE_ID"] = stack.look_up("knowledge", "knowledge-base-id")
    return found


def _allow_search(stack: SlipwayStack, role: iam.Role) -> None:
    allow_search(stack, role)
    if stack.settings.retrieval.knowledge_base.enabled:
        allow(role, KNOWLEDGE_ACTIONS, [stack.look_up("knowledge", "knowledge-base-arn")])


def _documents_variables(stack: SlipwayStack) -> dict[str, str]:
    return {
        **stack.store_variables(),
        **stack.hold_variables(),
        **said_access.said_variables(stack),
        "CURATED_BUCKET": stack.look_up("foundation", "curated-bucket-name"),
        "DOCUMENTS_TABLE": stack.look_up("foundation", "documents-table-name"),
        # Only named: the runtime takes both tables for one lineage, and touches no rejects here.
        "REJECTS_TABLE": stack.look_up("foundation", "rejects-table-name"),
    }


def _allow_documents(stack: SlipwayStack, role: iam.Role) -> None:
    stack.allow_store(role, "write")
    stack.allow_documents(role, listing=True)
    stack.allow_holds(role)
    said_access.allow_unsaying(stack, role)
    bucket = stack.bucket_arn("raw")
    stack.allow_curated_removal(role)
    # Without it S3 answers 403 rather than 404 for a version that the object's own event has removed meanwhile.
    allow(role, ["s3:ListBucket"], [stack.bucket_arn("curated")])
    allow(role, ["s3:ListBucketVersions"], [bucket])
    allow(role, ["s3:DeleteObjectVersion"], [f"{bucket}/*"], wildcard_reason=OBJECTS_REASON)


def _labelling_variables(stack: SlipwayStack) -> dict[str, str]:
    from stacks import labelling_api  # noqa: PLC0415 - nothing of it is read where it is off

    return labelling_api.variables(stack)


def _allow_labelling(stack: SlipwayStack, role: iam.Role) -> None:
    from stacks import labelling_api  # noqa: PLC0415

    labelling_api.permit(stack, role)


def _prompts_variables(stack: SlipwayStack) -> dict[str, str]:
    mirror = {"PROMPTS_MIRROR": "bedrock"} if stack.settings.prompts.mirror else {}
    return {**prompts_access.prompt_variables(stack), **stack.embedding_variables(), **mirror}


def _usage_variables(stack: SlipwayStack) -> dict[str, str]:
    return {**meters_access.meter_variables(stack), **prompts_access.prompt_variables(stack)}


def _conversations_variables(stack: SlipwayStack) -> dict[str, str]:
    return {**memory_access.erasing_variables(stack), **meters_access.erasure_variables(stack)}


def _allow_conversations(stack: SlipwayStack, role: iam.Role) -> None:
    memory_access.allow_erasing(stack, role)
    meters_access.allow_erasure(stack, role)


PARTS = (
    ApiPart(
        name="search",
        does="Finds chunks of documents",
        is_on=lambda _: True,
        variables=_search_variables,
        allow=_allow_search,
    ),
    ApiPart(
        name="documents",
        does="Lists, shows and deletes documents",
        is_on=lambda _: True,
        variables=_documents_variables,
        allow=_allow_documents,
    ),
    ApiPart(
        name="labelling",
        does="Hands out items of labelling jobs and takes labels",
        is_on=lambda settings: settings.labelling.enabled,
        variables=_labelling_variables,
        allow=_allow_labelling,
    ),
    ApiPart(
        name="prompts",
        does="Keeps prompts, their labels, example sets and experiments",
        is_on=lambda settings: settings.prompts.enabled,
        variables=_prompts_variables,
        allow=prompts_access.allow_prompts,
    ),
    ApiPart(
        name="usage",
        does="Tells what tenants use, and takes feedback",
        is_on=lambda settings: settings.metering.enabled,
        variables=_usage_variables,
        allow=meters_access.allow_feedback,
    ),
    ApiPart(
        name="conversations",
        does="Lists, shows and deletes conversations",
        is_on=lambda settings: settings.conversations.enabled,
        variables=_conversations_variables,
        allow=_allow_conversations,
    ),
)
