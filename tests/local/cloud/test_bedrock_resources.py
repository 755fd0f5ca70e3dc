"""A template's guardrail is a live resource: functions may name it and its versions at once."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.capability("O14")
TYPE = "AWS::Bedrock::Guardrail"


def template(word: str) -> dict[str, Any]:
    properties = {
        "Name": "from-template",
        "BlockedInputMessaging": "No.",
        "BlockedOutputsMessaging": "No.",
        "WordPolicyConfig": {"WordsConfig": [{"Text": word}]},
        "SensitiveInformationPolicyConfig": {"PiiEntitiesConfig": [{"Type": "EMAIL", "Action": "ANONYMIZE"}]},
        "Tags": [{"Key": "team", "Value": "docs"}],
    }
    version = {"GuardrailIdentifier": {"Fn::GetAtt": ["Guardrail", "GuardrailId"]}, "Description": f"with {word}"}
    return {
        "Resources": {
            "Guardrail": {"Type": TYPE, "Properties": properties},
            "Version": {"Type": "AWS::Bedrock::GuardrailVersion", "Properties": version},
        },
        "Outputs": {
            "Arn": {"Value": {"Ref": "Guardrail"}},
            "Id": {"Value": {"Fn::GetAtt": ["Guardrail", "GuardrailId"]}},
            "Version": {"Value": {"Fn::GetAtt": ["Version", "Version"]}},
        },
    }


def test_a_guardrail_is_made_changed_versioned_and_deleted(local_cloud: Any) -> None:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-bedrock-guardrail.html
    status = local_cloud.deploy(Guarded=template("durian"))
    assert {f"{TYPE} Guarded/Guardrail", "AWS::Bedrock::GuardrailVersion Guarded/Version"} <= set(
        status.resources["live"]
    )
    first = local_cloud.outputs(status, "Guarded")
    assert first["Arn"] == f"arn:aws:bedrock:us-east-1:123456789012:guardrail/{first['Id']}"
    runtime: Any = boto3.client(
        "bedrock-runtime",
        endpoint_url=status.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
    )

    def action(text: str, version: str) -> str:
        content = [{"text": {"text": text}}]
        answer = runtime.apply_guardrail(
            guardrailIdentifier=first["Arn"], guardrailVersion=version, source="INPUT", content=content
        )
        return str(answer["action"])

    assert action("A durian.", first["Version"]) == "GUARDRAIL_INTERVENED"
    second = local_cloud.outputs(local_cloud.deploy(Guarded=template("jackfruit")), "Guarded")
    assert second["Id"] == first["Id"], "changed in place"
    assert second["Version"] == "2", "a version never changes: another one was made"
    assert action("A durian.", "DRAFT") == action("A durian.", "2") == "NONE"
    assert action("A jackfruit.", "2") == "GUARDRAIL_INTERVENED"
    local_cloud.remove("Guarded")
    with pytest.raises(ClientError, match="does not exist"):
        action("A durian.", "DRAFT")
