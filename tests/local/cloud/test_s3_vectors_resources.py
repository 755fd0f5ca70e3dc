"""Vector buckets and indexes of a template are live.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_S3Vectors.html
"""

from typing import Any

import pytest

pytestmark = [pytest.mark.capability("O14"), pytest.mark.capability("R4")]


def template(team: str) -> dict[str, Any]:
    owner = {"VectorBucketArn": {"Fn::GetAtt": ["Bucket", "VectorBucketArn"]}}
    index = {**owner, "IndexName": "notes", "DataType": "float32", "Dimension": 2, "DistanceMetric": "euclidean"}
    index["MetadataConfiguration"] = {"NonFilterableMetadataKeys": ["text"]}
    policy = {"Version": "2012-10-17", "Statement": []}
    return {
        "Resources": {
            "Bucket": {
                "Type": "AWS::S3Vectors::VectorBucket",
                "Properties": {"Tags": [{"Key": team, "Value": "1"}]},
            },
            "Policy": {"Type": "AWS::S3Vectors::VectorBucketPolicy", "Properties": {**owner, "Policy": policy}},
            "Index": {"Type": "AWS::S3Vectors::Index", "Properties": index},
        },
        "Outputs": {"Arn": {"Value": {"Ref": "Bucket"}}, "Index": {"Value": {"Ref": "Index"}}},
    }


def test_a_vector_bucket_is_made_tagged_anew_and_deleted(local_cloud: Any) -> None:
    status = local_cloud.deploy(Vectors=template("docs"))
    made = local_cloud.outputs(status, "Vectors")
    client = local_cloud.place.client("s3vectors")
    assert made["Index"] == f"{made['Arn']}/index/notes"
    assert client.list_tags_for_resource(resourceArn=made["Arn"])["tags"]["docs"] == "1"
    client.put_vectors(indexArn=made["Index"], vectors=[{"key": "a", "data": {"float32": [3, 4]}}])
    query = {"queryVector": {"float32": [0, 0]}, "topK": 1, "returnDistance": True}
    (found,) = client.query_vectors(indexArn=made["Index"], **query)["vectors"]
    assert (found["key"], found["distance"]) == ("a", 5)

    again = local_cloud.outputs(local_cloud.deploy(Vectors=template("search")), "Vectors")
    assert again == made, "tags change in place"
    tags = client.list_tags_for_resource(resourceArn=made["Arn"])["tags"]
    assert "search" in tags
    assert "docs" not in tags
    assert len(client.list_vectors(indexArn=made["Index"])["vectors"]) == 1

    local_cloud.remove("Vectors")
    assert made["Arn"] not in [one["vectorBucketArn"] for one in client.list_vector_buckets()["vectorBuckets"]]
