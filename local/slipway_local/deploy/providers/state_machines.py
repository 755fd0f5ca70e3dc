"""Step Functions: state machines with their definition's substitutions, versions, aliases and activities."""

import json
import re
from typing import Any

from slipway_local.deploy.providers.api import Lookup, api, tags
from slipway_local.deploy.providers.base import Context, Properties, Provider
from slipway_local.deploy.providers.calls import text


def _definition(context: Context, properties: Properties) -> str:
    """Return the definition as text, wherever it is, with `${name}` substituted.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-stepfunctions-statemachine.html
    """
    if properties.get("DefinitionS3Location"):
        where = properties["DefinitionS3Location"]
        version = {"VersionId": where["Version"]} if "Version" in where else {}
        s3 = context.place.client("s3")
        definition = s3.get_object(Bucket=where["Bucket"], Key=where["Key"], **version)["Body"].read().decode()
    elif properties.get("Definition"):
        definition = json.dumps(properties["Definition"])
    else:
        definition = properties["DefinitionString"]
    substitutions = properties.get("DefinitionSubstitutions", {})
    return re.sub(
        r"\$\{([^}]+)\}",
        lambda match: text(substitutions[match[1]]) if match[1] in substitutions else match[0],
        definition,
    )


def _camel(value: Any) -> Any:
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: _camel(item) for key, item in value.items()}
    return [_camel(item) for item in value] if isinstance(value, list) else value


def _machine(context: Context, properties: Properties) -> Properties:
    settings: Properties = {
        name: _camel(properties[name])
        for name in ("LoggingConfiguration", "TracingConfiguration", "EncryptionConfiguration")
        if name in properties
    }
    return {
        "name": properties["StateMachineName"],
        "definition": _definition(context, properties),
        "roleArn": properties["RoleArn"],
        "type": properties.get("StateMachineType"),
        "tags": properties.get("Tags"),
        **settings,
    }


def _alias(context: Context, properties: Properties) -> Properties:
    preference = properties.get("DeploymentPreference")
    routes = properties.get("RoutingConfiguration") or [
        {"StateMachineVersionArn": preference["StateMachineVersionArn"], "Weight": 100}  # type: ignore[index]
    ]
    return {
        "name": properties["Name"],
        "description": properties.get("Description"),
        "routingConfiguration": _camel(routes),
    }


_TAGS = tags("stepfunctions", "tag_resource", "untag_resource")
# What a machine goes back to; of the definitions, the one that is there counts.
_MACHINE = {
    "Definition": None,
    "DefinitionS3Location": None,
    "DefinitionString": None,
    "DefinitionSubstitutions": {},
    "EncryptionConfiguration": {"Type": "AWS_OWNED_KEY"},
    "LoggingConfiguration": {"Level": "OFF"},
    "TracingConfiguration": {"Enabled": False},
}
_MACHINE_ARN = "arn:{partition}:states:{region}:{account}:stateMachine:{name}"
PROVIDERS: dict[str, Provider] = {
    "AWS::StepFunctions::StateMachine": api(
        "stepfunctions", "create_state_machine", "@stateMachineArn", name="StateMachineName", name_limit=80,
        prepare=_machine, attributes={"Arn": "@stateMachineArn", "Name": "{name}", "StateMachineRevisionId": "INITIAL"},
        update_call="update_state_machine", update_with={"stateMachineArn": "{id}"},
        update_sets=("DefinitionString", "DefinitionS3Location", "DefinitionSubstitutions"), defaults=_MACHINE,
        settings=(_TAGS,), lookup=Lookup("describe_state_machine", {"stateMachineArn": _MACHINE_ARN}, "name"),
        delete_call="delete_state_machine", delete_with={"stateMachineArn": "{id}"},
    ),
    "AWS::StepFunctions::StateMachineVersion": api(
        "stepfunctions", "publish_state_machine_version", "@stateMachineVersionArn",
        attributes={"Arn": "@stateMachineVersionArn"},
        delete_call="delete_state_machine_version", delete_with={"stateMachineVersionArn": "{id}"},
    ),
    "AWS::StepFunctions::StateMachineAlias": api(
        "stepfunctions", "create_state_machine_alias", "@stateMachineAliasArn", name="Name", name_limit=80,
        prepare=_alias, attributes={"Arn": "@stateMachineAliasArn"},
        update_call="update_state_machine_alias", update_sets=("DeploymentPreference",),
        defaults={"Description": ""}, update_with={"stateMachineAliasArn": "{id}"},
        delete_call="delete_state_machine_alias", delete_with={"stateMachineAliasArn": "{id}"},
    ),
    "AWS::StepFunctions::Activity": api(
        "stepfunctions", "create_activity", "@activityArn", name="Name", name_limit=80,
        attributes={"Arn": "@activityArn", "Name": "{Name}"}, settings=(_TAGS,),
        delete_call="delete_activity", delete_with={"activityArn": "{id}"},
    ),
}  # fmt: skip
