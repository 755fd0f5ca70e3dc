"""Lambda functions, layers, versions and aliases."""

import io
import zipfile

from slipway_local.deploy.providers.api import Api, Setting, api, tags
from slipway_local.deploy.providers.base import Context, Created, Properties, Provider
from slipway_local.deploy.providers.calls import call


def _code(context: Context, name: str, new: Properties, old: Properties) -> None:
    code = _function(context, {**new})["Code"]
    call(context.place, "lambda", "update_function_code", {**code, "FunctionName": name})


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


def _alias(context: Context, properties: Properties) -> Properties:
    """Return the arguments: Lambda has the weights by version."""
    routing = properties.get("RoutingConfig")
    if routing:
        weights = {one["FunctionVersion"]: one["FunctionWeight"] for one in routing["AdditionalVersionWeights"]}
        properties["RoutingConfig"] = {"AdditionalVersionWeights": weights}
    return properties


class Layer(Api):
    """AWS::Lambda::LayerVersion; Ref is the version's ARN."""

    def delete(self, context: Context, existing: Created, properties: Properties) -> None:
        """Delete this version of the layer."""
        name, version = existing.physical_id.split(":")[-2:]
        context.place.client("lambda").delete_layer_version(LayerName=name, VersionNumber=int(version))


class Version(Api):
    """AWS::Lambda::Version."""

    def create(self, context: Context, properties: Properties) -> Created:
        """Publish a version. Raises ValueError if the latest one is of the same code and settings.

        Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html
        """
        asked = {"FunctionName": properties["FunctionName"]}
        versions = call(context.place, "lambda", "list_versions_by_function", asked)["Versions"]
        created = super().create(context, properties)
        if created.attributes["Version"] in {one["Version"] for one in versions}:
            number = created.attributes["Version"]
            raise ValueError(
                f"A version for this Lambda function exists ( {number} ). Modify the function to create a new version."
            )
        return created


_FUNCTION_ARN = "arn:{partition}:lambda:{region}:{account}:function:{FunctionName}"
_FUNCTION = {
    "DeadLetterConfig": {},
    "Description": "",
    "Environment": {"Variables": {}},
    "EphemeralStorage": {"Size": 512},
    "Layers": [],
    "LoggingConfig": {},
    "MemorySize": 128,
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
    "VpcConfig": {},
}
PROVIDERS: dict[str, Provider] = {
    "AWS::Lambda::Function": api(
        "lambda", "create_function", "{FunctionName}", name="FunctionName", prepare=_function,
        attributes={"Arn": _FUNCTION_ARN},
        update_call="update_function_configuration", update_with={"FunctionName": "{id}"}, defaults=_FUNCTION,
        update_drops=("CapacityProviderConfig", "DurableConfig", "FileSystemConfigs", "ImageConfig", "KmsKeyArn",
                      "SnapStart"),
        settings=(Setting(_code, "Code", created=False), Setting(_concurrency, "ReservedConcurrentExecutions"),
                  tags("lambda", "tag_resource", "untag_resource", of="Resource", keys="TagKeys", put="Tags",
                       by=_FUNCTION_ARN.replace("FunctionName", "id"))),
        delete_call="delete_function", delete_with={"FunctionName": "{id}"},
    ),
    "AWS::Lambda::LayerVersion": Layer(
        service="lambda", create_call="publish_layer_version", ref="@LayerVersionArn", name="LayerName",
        attributes={"LayerVersionArn": "{id}"},
    ),
    "AWS::Lambda::Version": Version(
        service="lambda", create_call="publish_version", ref="@FunctionArn",
        attributes={"Version": "@Version", "FunctionArn": "{id}"},
        delete_call="delete_function", delete_with={"FunctionName": "{FunctionName}", "Qualifier": "{Version}"},
    ),
    "AWS::Lambda::Alias": api(
        "lambda", "create_alias", "@AliasArn", prepare=_alias, attributes={"AliasArn": "{id}"},
        update_call="update_alias", defaults={"Description": "", "RoutingConfig": {}},
        delete_call="delete_alias", delete_with={"FunctionName": "{FunctionName}", "Name": "{Name}"},
    ),
}  # fmt: skip
