"""OpenSearch Serverless: collections, collection groups, their policies and endpoints."""

import dataclasses

from slipway_local.deploy.providers.api import Api, api
from slipway_local.deploy.providers.base import Context, Created, Properties, Provider
from slipway_local.deploy.providers.calls import call

SERVICE = "opensearchserverless"


class Collection(Api):
    """AWS::OpenSearchServerless::Collection; where its endpoint is, is known once it is there."""

    def create(self, context: Context, properties: Properties) -> Created:
        """Make the collection and ask for its endpoints."""
        made = super().create(context, properties)
        answer = call(context.place, SERVICE, "batch_get_collection", {"ids": [made.physical_id]})
        details = answer["collectionDetails"][0]
        named = {
            "Id": "id",
            "Arn": "arn",
            "CollectionEndpoint": "collectionEndpoint",
            "DashboardEndpoint": "dashboardEndpoint",
            "KmsKeyArn": "kmsKeyArn",
        }
        return dataclasses.replace(made, attributes={name: details[field] for name, field in named.items()})

    def delete(self, context: Context, existing: Created, properties: Properties) -> None:
        """Delete the collection with its indexes."""
        if call(context.place, SERVICE, "batch_get_collection", {"ids": [existing.physical_id]})["collectionDetails"]:
            super().delete(context, existing, properties)


class Policy(Api):
    """A policy, whose update names the version that it replaces."""

    def update(self, context: Context, existing: Created, old: Properties, new: Properties) -> Created:
        """Replace the document."""
        kind = self.create_call.removeprefix("create_")
        asked = {"type": new["Type"], "name": existing.physical_id}
        answer = call(context.place, SERVICE, f"get_{kind}", asked)
        (detail,) = answer.values()
        call(context.place, SERVICE, f"update_{kind}", {**new, "policyVersion": detail["policyVersion"]})
        return existing


def _policy(kind: str) -> Policy:
    return Policy(
        service=SERVICE,
        create_call=f"create_{kind}",
        ref="{Name}",
        update_call=f"update_{kind}",
        delete_call=f"delete_{kind}",
        delete_with={"type": "{Type}", "name": "{id}"},
    )


PROVIDERS: dict[str, Provider] = {
    "AWS::OpenSearchServerless::AccessPolicy": _policy("access_policy"),
    "AWS::OpenSearchServerless::Collection": Collection(
        service=SERVICE,
        create_call="create_collection",
        ref="@createCollectionDetail.id",
        update_call="update_collection",
        update_with={"id": "{id}"},
        delete_call="delete_collection",
        delete_with={"id": "{id}"},
    ),
    "AWS::OpenSearchServerless::CollectionGroup": api(
        SERVICE,
        "create_collection_group",
        "@createCollectionGroupDetail.id",
        attributes={"Id": "@createCollectionGroupDetail.id", "Arn": "@createCollectionGroupDetail.arn"},
        update_call="update_collection_group",
        update_with={"id": "{id}"},
        delete_call="delete_collection_group",
        delete_with={"id": "{id}"},
    ),
    "AWS::OpenSearchServerless::SecurityPolicy": _policy("security_policy"),
    "AWS::OpenSearchServerless::VpcEndpoint": api(
        SERVICE,
        "create_vpc_endpoint",
        "@createVpcEndpointDetail.id",
        attributes={"Id": "@createVpcEndpointDetail.id"},
        delete_call="delete_vpc_endpoint",
        delete_with={"id": "{id}"},
    ),
}
