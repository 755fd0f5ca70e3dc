"""Cognito user pools and what belongs to them. Federation, the hosted login page and triggers are not emulated."""

from slipway_local.deploy.providers.api import Lookup, api
from slipway_local.deploy.providers.base import Context, Properties, Provider


def _pool(context: Context, properties: Properties) -> Properties:
    if properties.get("LambdaConfig"):
        names = ", ".join(properties["LambdaConfig"])
        raise ValueError(f"user pool triggers ({names}) are not emulated; leave LambdaConfig out of this environment")
    return properties


def _client(context: Context, properties: Properties) -> Properties:
    flows = set(properties.get("AllowedOAuthFlows", []))
    if "client_credentials" in flows and str(properties.get("GenerateSecret", False)).lower() != "true":
        raise ValueError("client_credentials flow can not be selected if client does not have a client secret")
    return properties


_OF_POOL = {"UserPoolId": "{UserPoolId}"}
_PROVIDER = "cognito-idp.{region}.amazonaws.com/{id}"
PROVIDERS: dict[str, Provider] = {
    "AWS::Cognito::UserPool": api(
        "cognito-idp", "create_user_pool", "@UserPool.Id", name="UserPoolName", label=True, prepare=_pool,
        rename={"UserPoolName": "PoolName"}, update_call="update_user_pool", update_with={"UserPoolId": "{id}"},
        update_replaces=True,
        attributes={"Arn": "@UserPool.Arn", "UserPoolId": "{id}", "ProviderName": _PROVIDER,
                    "ProviderURL": f"https://{_PROVIDER}"},
        delete_call="delete_user_pool", delete_with={"UserPoolId": "{id}"},
    ),
    "AWS::Cognito::UserPoolClient": api(
        "cognito-idp", "create_user_pool_client", "@UserPoolClient.ClientId", name="ClientName", label=True,
        prepare=_client,
        update_call="update_user_pool_client", update_with={"ClientId": "{id}"},
        attributes={"ClientId": "{id}", "ClientSecret": "@UserPoolClient.ClientSecret",
                    "Name": "@UserPoolClient.ClientName"},
        delete_call="delete_user_pool_client", delete_with={**_OF_POOL, "ClientId": "{id}"},
    ),
    "AWS::Cognito::UserPoolDomain": api(
        "cognito-idp", "create_user_pool_domain", "{Domain}",
        attributes={"CloudFrontDistribution": "@CloudFrontDomain"},
        lookup=Lookup("describe_user_pool_domain", {"Domain": "{Domain}"}, "DomainDescription.Domain"),
        delete_call="delete_user_pool_domain", delete_with={**_OF_POOL, "Domain": "{id}"},
    ),
    "AWS::Cognito::UserPoolResourceServer": api(
        "cognito-idp", "create_resource_server", "{Identifier}", update_call="update_resource_server",
        delete_call="delete_resource_server", delete_with={**_OF_POOL, "Identifier": "{id}"},
    ),
    "AWS::Cognito::UserPoolUser": api(
        "cognito-idp", "admin_create_user", "@User.Username",
        delete_call="admin_delete_user", delete_with={**_OF_POOL, "Username": "{id}"},
    ),
    "AWS::Cognito::UserPoolGroup": api(
        "cognito-idp", "create_group", "{GroupName}", name="GroupName", update_call="update_group",
        delete_call="delete_group", delete_with={**_OF_POOL, "GroupName": "{id}"},
    ),
    "AWS::Cognito::UserPoolUserToGroupAttachment": api(
        "cognito-idp", "admin_add_user_to_group", "{UserPoolId}|{GroupName}|{Username}",
        delete_call="admin_remove_user_from_group",
        delete_with={**_OF_POOL, "GroupName": "{GroupName}", "Username": "{Username}"},
    ),
}  # fmt: skip
