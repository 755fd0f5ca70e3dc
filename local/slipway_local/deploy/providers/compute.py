"""Lambda functions, layers, versions and aliases."""

import io
import zipfile
from typing import Any

from slipway_local.deploy.providers.base import Api, Context, Created, Properties, Provider, api, call


class Function(Api):
    """AWS::Lambda::Function; an update changes code and configuration by two calls."""

    def update(self, context: Context, existing: Created, old: Properties, new: Properties) -> Created:
        """Send the code if it changed, then the configuration."""
        name = {"FunctionName": existing.physical_id}
        if new["Code"] != old["Code"]:
            call(context.place, "lambda", "update_function_code", {**_function(context, new)["Code"], **name})
        rest = {"Environment": {"Variables": {}}, "Layers": [], "Description": "", **new, **name}
        call(context.place, "lambda", "update_function_configuration", rest)
        _concurrency(context, existing.physical_id, new, old)
        return existing


def _function(context: Context, properties: Properties) -> Properties:
    """Return the arguments; code given inline becomes a zip with index.py, as CloudFormation makes it."""
    code, runtime = properties["Code"], properties.get("Runtime", "")
    if runtime and not runtime.startswith(("python", "provided")):
        raise ValueError(f"the runtime {runtime} is not emulated: python3.x is, and provided.* with its own bootstrap")
    if "ImageUri" in code:
        raise ValueError("functions from container images are not emulated")
    if "ZipFile" in code:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(zipfile.ZipInfo("index.py", (1980, 1, 1, 0, 0, 0)), code["ZipFile"])
        properties["Code"] = {"ZipFile": buffer.getvalue()}
    return properties


def _concurrency(context: Context, name: str, new: Properties, old: Properties) -> None:
    client = context.place.client("lambda")
    reserved = new.get("ReservedConcurrentExecutions")
    if reserved is not None:
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=int(reserved))
    elif "ReservedConcurrentExecutions" in old:
        client.delete_function_concurrency(FunctionName=name)


class Layer(Api):
    """AWS::Lambda::LayerVersion; Ref is the version's ARN."""

    def delete(self, context: Context, existing: Created, properties: Properties) -> None:
        """Delete this version of the layer."""
        name, version = existing.physical_id.split(":")[-2:]
        context.place.client("lambda").delete_layer_version(LayerName=name, VersionNumber=int(version))


_FUNCTION_ARN = "arn:{partition}:lambda:{region}:{account}:function:{FunctionName}"
_ALIAS: dict[str, Any] = {
    "delete_call": "delete_alias",
    "delete_with": {"FunctionName": "{FunctionName}", "Name": "{Name}"},
}
PROVIDERS: dict[str, Provider] = {
    "AWS::Lambda::Function": Function(
        service="lambda", create_call="create_function", ref="{FunctionName}", name="FunctionName", prepare=_function,
        after=_concurrency, attributes={"Arn": _FUNCTION_ARN},
        delete_call="delete_function", delete_with={"FunctionName": "{id}"},
    ),
    "AWS::Lambda::LayerVersion": Layer(
        service="lambda", create_call="publish_layer_version", ref="@LayerVersionArn", name="LayerName",
        attributes={"LayerVersionArn": "{id}"},
    ),
    "AWS::Lambda::Version": api(
        "lambda", "publish_version", "@FunctionArn",
        attributes={"Version": "@Version", "FunctionArn": "{id}"},
    ),
    "AWS::Lambda::Alias": api(
        "lambda", "create_alias", "@AliasArn", update_call="update_alias", attributes={"AliasArn": "{id}"}, **_ALIAS
    ),
}  # fmt: skip
