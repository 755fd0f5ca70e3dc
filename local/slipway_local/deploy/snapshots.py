"""The snapshot of what is deleted under the policy Snapshot.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
"""

import uuid

from slipway_local.deploy.providers.base import Context
from slipway_local.deploy.stack_state import Record

CALLS = {"AWS::RDS::DBCluster": "DBCluster", "AWS::RDS::DBInstance": "DB"}


def take_snapshot(context: Context, record: Record) -> None:
    """Take a snapshot; recorded resources hold nothing, and a cluster's own holds what its instances have."""
    kind = CALLS.get(record.type)
    if kind is None or "DBClusterIdentifier" in record.properties.keys() - {f"{kind}Identifier"}:
        return
    name = f"{context.stack_name}-snapshot-{record.logical_id}-{uuid.uuid4().hex[:12]}".lower()
    rds = context.place.client("rds")
    if kind == "DBCluster":
        rds.create_db_cluster_snapshot(DBClusterSnapshotIdentifier=name, DBClusterIdentifier=record.physical_id)
    else:
        rds.create_db_snapshot(DBSnapshotIdentifier=name, DBInstanceIdentifier=record.physical_id)
