"""How functions find the embedding model, and may call it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway_constructs.permissions import allow
from stacks.bedrock import allow_models

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam

    from stacks.settings_embedding import Embedding
    from stacks.slipway_stack import SlipwayStack


def embedding_variables(embedding: Embedding) -> dict[str, str]:
    """Return the variables that name the model, the endpoint where it is not Bedrock's, and the model that is next."""
    variables = {"EMBEDDING_MODEL_ID": embedding.model_id, "EMBEDDING_DIMENSIONS": str(embedding.dimensions)}
    if embedding.endpoint:
        variables["EMBEDDING_ENDPOINT"] = embedding.endpoint.model_dump_json(exclude_defaults=True)
    if embedding.next:
        variables["EMBEDDING_NEXT"] = embedding.next.model_dump_json(exclude_none=True)
    return variables


def allow_embedding(stack: SlipwayStack, role: iam.Role) -> None:
    """Let a role call the embedding model and the next, and no other. A server at a URL asks for no permission."""
    for _, embedding in stack.settings.retrieval.embedding.models:
        if embedding.endpoint is None:
            allow_models(role, [embedding.model_id])
        elif name := embedding.endpoint.sagemaker_endpoint:
            # ARNs of endpoints are in lower case. Source: Service Authorization Reference, "Amazon SageMaker".
            arn = stack.format_arn(service="sagemaker", resource="endpoint", resource_name=name.lower())
            allow(role, ["sagemaker:InvokeEndpoint"], [arn])
