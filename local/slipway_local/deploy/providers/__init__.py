"""The table of resource types: who creates what. Everything else is recorded, or refused if CloudFormation has none."""

from slipway_local.deploy.providers import (
    api_gateway,
    api_gateway_v2,
    bedrock,
    cognito,
    compute,
    data,
    emr_serverless,
    glue,
    identity,
    kendra,
    messaging,
    network,
    opensearch,
    sagemaker,
    state_machines,
    storage,
    tables,
    triggers,
)
from slipway_local.deploy.providers.base import Provider
from slipway_local.deploy.providers.custom import CustomResource
from slipway_local.deploy.providers.recorded import Recorded
from slipway_local.deploy.schemas import schema_of

PROVIDERS: dict[str, Provider] = {
    **api_gateway.PROVIDERS,
    **api_gateway_v2.PROVIDERS,
    **bedrock.PROVIDERS,
    **cognito.PROVIDERS,
    **compute.PROVIDERS,
    **data.PROVIDERS,
    **emr_serverless.PROVIDERS,
    **glue.PROVIDERS,
    **identity.PROVIDERS,
    **kendra.PROVIDERS,
    **messaging.PROVIDERS,
    **network.PROVIDERS,
    **opensearch.PROVIDERS,
    **sagemaker.PROVIDERS,
    **state_machines.PROVIDERS,
    **storage.PROVIDERS,
    **tables.PROVIDERS,
    **triggers.PROVIDERS,
}
REFUSED = {
    "AWS::CloudFormation::Stack": "nested stacks are not emulated",
    "AWS::CloudFormation::Macro": "macros are not emulated",
}


def provider_of(resource_type: str, region: str) -> Provider | str:
    """Return the provider of a type, or the reason why the type is refused."""
    if resource_type.startswith("Custom::") or resource_type == "AWS::CloudFormation::CustomResource":
        return CustomResource()
    if resource_type in REFUSED:
        return REFUSED[resource_type]
    if resource_type in PROVIDERS:
        return PROVIDERS[resource_type]
    schema = schema_of(resource_type, region)
    return Recorded(schema) if schema else "CloudFormation knows no such resource type"
