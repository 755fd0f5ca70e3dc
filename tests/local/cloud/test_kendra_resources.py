"""An index of a template is live: made with its role, renamed in place, found by id and ARN, deleted.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kendra-index.html
"""

from typing import Any

import pytest

pytestmark = [pytest.mark.capability("O14"), pytest.mark.capability("R3")]
ROLE = "arn:aws:iam::123456789012:role/kendra"


def template(description: str) -> dict[str, Any]:
    index = {"Name": "docs", "Edition": "DEVELOPER_EDITION", "RoleArn": ROLE, "Description": description}
    return {
        "Resources": {"Index": {"Type": "AWS::Kendra::Index", "Properties": index}},
        "Outputs": {"Id": {"Value": {"Ref": "Index"}}, "Arn": {"Value": {"Fn::GetAtt": ["Index", "Arn"]}}},
    }


def test_an_index_is_made_changed_and_deleted(local_cloud: Any) -> None:
    made = local_cloud.outputs(local_cloud.deploy(Search=template("one")), "Search")
    kendra = local_cloud.place.client("kendra")
    assert made["Arn"].endswith(f":index/{made['Id']}")
    kendra.batch_put_document(IndexId=made["Id"], Documents=[{"Id": "d", "Blob": b"Ripe tomatoes are red."}])

    again = local_cloud.outputs(local_cloud.deploy(Search=template("two")), "Search")
    assert again == made
    assert kendra.describe_index(Id=made["Id"])["Description"] == "two"

    local_cloud.remove("Search")
    with pytest.raises(kendra.exceptions.ResourceNotFoundException):
        kendra.describe_index(Id=made["Id"])
