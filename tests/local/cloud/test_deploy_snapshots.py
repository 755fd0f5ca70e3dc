"""DeletionPolicy and UpdateReplacePolicy Snapshot: a snapshot is taken, then the resource is deleted.

Expectations: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
and https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatereplacepolicy.html
"""

from typing import Any

import pytest

pytestmark = pytest.mark.capability("O14")


def stack(identifier: str) -> dict[str, Any]:
    properties = {
        "Engine": "aurora-postgresql",
        "DBClusterIdentifier": identifier,
        "MasterUsername": "owner",
        "MasterUserPassword": "Passw0rd-of-tests",
        "ServerlessV2ScalingConfiguration": {"MinCapacity": 0, "MaxCapacity": 1},
    }
    policies = {"DeletionPolicy": "Snapshot", "UpdateReplacePolicy": "Snapshot"}
    return {"Resources": {"Cluster": {"Type": "AWS::RDS::DBCluster", **policies, "Properties": properties}}}


def clusters(rds: Any) -> set[str]:
    return {one["DBClusterIdentifier"] for one in rds.describe_db_clusters()["DBClusters"]}


def snapshots(rds: Any) -> dict[str, str]:
    """Return each snapshot's cluster by the snapshot's name."""
    found = rds.describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"]
    return {one["DBClusterSnapshotIdentifier"]: one["DBClusterIdentifier"] for one in found}


def test_a_snapshot_is_taken_of_what_is_deleted_and_of_what_is_replaced(local_cloud: Any) -> None:
    rds = local_cloud.place.client("rds")
    local_cloud.deploy(Kept=stack("kept-one"))
    local_cloud.deploy(Kept=stack("kept-two"))
    assert "kept-two" in clusters(rds)
    assert "kept-one" not in clusters(rds)
    assert "kept-one" in snapshots(rds).values()
    local_cloud.remove("Kept")
    assert "kept-two" not in clusters(rds)
    (name,) = (name for name, cluster in snapshots(rds).items() if cluster == "kept-two")
    assert name.startswith("kept-snapshot-cluster-")
    local_cloud.deploy(Kept=stack("kept-two"))  # nothing stands in the way of another one
    local_cloud.remove("Kept")


def test_what_was_never_finished_is_deleted_without_a_snapshot(local_cloud: Any) -> None:
    """The rollback of a creation: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html"""
    from slipway_local.cloud import LocalCloudError

    rds, template = local_cloud.place.client("rds"), stack("kept-never")
    parameter = {"Type": "AWS::SSM::Parameter", "DependsOn": "Cluster"}
    twice = {"Name": "/kept/never", "Type": "String", "Value": "x"}
    template["Resources"] |= {name: {**parameter, "Properties": twice} for name in ("First", "Second")}
    with pytest.raises(LocalCloudError):
        local_cloud.deploy(KeptNever=template)
    assert "kept-never" not in clusters(rds)
    assert "kept-never" not in snapshots(rds).values()
