"""The snapshot of what is deleted under the policy Snapshot.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
"""

import uuid

from slipway_local.deploy.providers.base import Context
from slipway_local.deploy.stack_state import Record


def take_snapshot(context: Context, record: Record) -> None:
    """Take a snapshot of a cluster; its instances have none of their own, and recorded resources hold nothing."""
    if record.type == "AWS::RDS::DBCluster":
        name = f"{context.stack_name}-snapshot-{record.logical_id}-{uuid.uuid4().hex[:12]}".lower()
        rds = context.place.client("rds")
        rds.create_db_cluster_snapshot(DBClusterSnapshotIdentifier=name, DBClusterIdentifier=record.physical_id)
