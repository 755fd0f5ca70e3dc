"""Bedrock guardrails and their versions."""

import dataclasses
from typing import Any

from slipway_local.deploy.providers.api import Api, api
from slipway_local.deploy.providers.base import Context, Created, Everything, Properties, Provider
from slipway_local.deploy.providers.calls import call


class GuardrailVersion(Everything):
    """AWS::Bedrock::GuardrailVersion: the draft as it is now, under the next number."""

    updatable = False

    def create(self, context: Context, properties: Properties) -> Created:
        """Publish the draft."""
        guardrail = properties["GuardrailIdentifier"]
        answer = call(context.place, "bedrock", "create_guardrail_version", properties)
        described = call(context.place, "bedrock", "get_guardrail", {"guardrailIdentifier": guardrail})
        attributes = {"GuardrailArn": described["guardrailArn"], "GuardrailId": answer["guardrailId"],
                      "Version": answer["version"]}  # fmt: skip
        return Created(physical_id=f"{answer['guardrailId']}|{answer['version']}", attributes=attributes)

    def update(self, context: Context, existing: Created, old: Properties, new: Properties) -> Created:
        """Never called: each property's change makes a new version."""
        raise NotImplementedError

    def delete(self, context: Context, existing: Created, properties: Properties) -> None:
        """Delete the version."""
        guardrail, version = existing.physical_id.split("|")
        arguments = {"guardrailIdentifier": guardrail, "guardrailVersion": version}
        call(context.place, "bedrock", "delete_guardrail", arguments)


class DataSource(Api):
    """AWS::Bedrock::DataSource, whose Ref names the knowledge base too."""

    def create(self, context: Context, properties: Properties) -> Created:
        """Make the data source."""
        made = super().create(context, properties)
        return dataclasses.replace(made, physical_id=f"{properties['KnowledgeBaseId']}|{made.physical_id}")


_GUARDRAIL: dict[str, Any] = {
    "rename": {"KmsKeyArn": "kmsKeyId"},
    "attributes": {
        "GuardrailArn": "@guardrailArn",
        "GuardrailId": "@guardrailId",
        "Version": "@version",
    },
    "update_call": "update_guardrail",
    "update_replaces": True,
    "update_with": {"guardrailIdentifier": "{id}"},
    "delete_call": "delete_guardrail",
    "delete_with": {"guardrailIdentifier": "{id}"},
}
PROVIDERS: dict[str, Provider] = {
    "AWS::Bedrock::KnowledgeBase": api(
        "bedrock-agent", "create_knowledge_base", "@knowledgeBase.knowledgeBaseId",
        attributes={"KnowledgeBaseId": "@knowledgeBase.knowledgeBaseId",
                    "KnowledgeBaseArn": "@knowledgeBase.knowledgeBaseArn"},
        update_call="update_knowledge_base", update_with={"knowledgeBaseId": "{id}"}, update_replaces=True,
        delete_call="delete_knowledge_base", delete_with={"knowledgeBaseId": "{id}"},
    ),
    "AWS::Bedrock::DataSource": DataSource(
        service="bedrock-agent", create_call="create_data_source", ref="@dataSource.dataSourceId",
        attributes={"DataSourceId": "@dataSource.dataSourceId"}, delete_call="delete_data_source",
        delete_with={"knowledgeBaseId": "{KnowledgeBaseId}", "dataSourceId": "{DataSourceId}"},
    ),
    "AWS::Bedrock::Guardrail": api("bedrock", "create_guardrail", "@guardrailArn", **_GUARDRAIL),
    "AWS::Bedrock::GuardrailVersion": GuardrailVersion(),
}  # fmt: skip
