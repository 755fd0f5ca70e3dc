"""The resource types whose replacement or deletion loses what cannot be made again from the repository.

Log groups are not among them: they expire by retention. Nor are instances of an Aurora cluster: its storage is the
cluster's. Source: the "Update requires" and "DeletionPolicy" notes of the CloudFormation template reference.
"""

from typing import Any

STATEFUL = {
    "AWS::ApiGateway::RestApi": "the address that clients call",
    "AWS::Backup::BackupVault": "recovery points",
    "AWS::Cognito::UserPool": "users and their passwords",
    "AWS::DocDB::DBCluster": "documents",
    "AWS::DynamoDB::GlobalTable": "items",
    "AWS::DynamoDB::Table": "items",
    "AWS::EC2::Volume": "blocks",
    "AWS::ECR::Repository": "images",
    "AWS::EFS::FileSystem": "files",
    "AWS::EKS::Cluster": "everything that runs in the cluster",
    "AWS::ElastiCache::ReplicationGroup": "cached items and sessions",
    "AWS::FSx::FileSystem": "files",
    "AWS::Glue::Database": "tables that crawlers and jobs made",
    "AWS::KMS::Key": "the only means to read what it encrypted",
    "AWS::Kendra::Index": "documents and their index",
    "AWS::Kinesis::Stream": "records not read yet",
    "AWS::Neptune::DBCluster": "the graph",
    "AWS::OpenSearchServerless::Collection": "documents and their index",
    "AWS::OpenSearchService::Domain": "documents and their index",
    "AWS::RDS::DBCluster": "rows",
    "AWS::RDS::DBInstance": "rows",
    "AWS::Redshift::Cluster": "rows",
    "AWS::Route53::HostedZone": "records, and the name servers that the registrar knows",
    "AWS::S3::Bucket": "objects",
    "AWS::S3Vectors::Index": "vectors",
    "AWS::S3Vectors::VectorBucket": "vectors",
    "AWS::SQS::Queue": "messages not handled yet",
    "AWS::SageMaker::FeatureGroup": "features",
    "AWS::SageMaker::MlflowApp": "experiments",
    "AWS::SageMaker::MlflowTrackingServer": "experiments",
    "AWS::SageMaker::ModelPackageGroup": "model versions and their approvals",
    "AWS::SecretsManager::Secret": "a value that exists nowhere else",
}


def what_is_lost(resource: dict[str, Any]) -> str:
    """What deleting this resource would lose; empty for one that holds nothing of its own."""
    in_a_cluster = resource["Type"] == "AWS::RDS::DBInstance" and "DBClusterIdentifier" in resource.get(
        "Properties", {}
    )
    return "" if in_a_cluster else STATEFUL.get(resource["Type"], "")


def stateful_ids(resources: dict[str, dict[str, Any]]) -> dict[str, str]:
    """The type of each stateful resource of a template, by logical id."""
    return {name: item["Type"] for name, item in sorted(resources.items()) if what_is_lost(item)}
