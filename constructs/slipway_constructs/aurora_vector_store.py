"""Aurora PostgreSQL Serverless v2 for pgvector, reached by the Data API alone.

Creates: a cluster, its instances, a subnet group, a security group that admits nothing, a generated secret.
Grants: none; `allow_use` lets a role run statements.
Not exported: PostgreSQL's log. RDS would make its log group under a name that is known only once the cluster is there,
unencrypted and kept for ever; what statements fail with, the Data API tells its caller, who logs it.
Units: capacity in Aurora capacity units (about 2 GiB of memory), 0 to 256 in steps of 0.5.
Source: Aurora user guide, "Using Aurora Serverless v2", "Scaling to Zero ACUs", "Using the RDS Data API".
"""

import dataclasses
from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from slipway_constructs.acknowledgement import acknowledge
from slipway_constructs.permissions import allow, allow_key

DATABASE_NAME, USER_NAME, PORT = "slipway", "slipway", 5433
DATA_API_READS = ("rds-data:ExecuteStatement",)
DATA_API_ACTIONS = (
    *DATA_API_READS,
    *("rds-data:BeginTransaction", "rds-data:CommitTransaction", "rds-data:RollbackTransaction"),
)
ROTATION_REASON = (
    "The password opens nothing by itself: the cluster's security group admits no connection, so it is used only by "
    "the Data API, which IAM guards. Rotating it would need a function inside the database's VPC."
)
DELETABLE_REASON = "The settings say removal: destroy: this environment's data is meant to be deleted with its stack."


@dataclasses.dataclass(frozen=True, kw_only=True)
class AuroraCapacity:
    """Size and backups. `auto_pause` applies with a `min_acu` of 0; `readers` stand in other zones."""

    engine_version: str
    min_acu: float
    max_acu: float
    auto_pause: cdk.Duration
    backup: cdk.Duration
    readers: int

    def __post_init__(self) -> None:
        if not 0 <= self.min_acu <= self.max_acu <= 256:
            raise ValueError(f"expected 0 <= min_acu <= max_acu <= 256, got {self.min_acu} and {self.max_acu}")


class AuroraVectorStore(Construct):
    """The cluster as `cluster`, its ARN as `cluster_arn`, the secret as `secret`, the instances as `instances`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        capacity: AuroraCapacity,
        vpc_id: str,
        subnet_ids: list[str],
        removal: cdk.RemovalPolicy,
        key: kms.IKey | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._key_arn = key.key_arn if key else None
        self.secret = secretsmanager.Secret(
            self,
            "Secret",
            description="User and password of the vector store, for the Data API",
            encryption_key=key,
            removal_policy=removal,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template=f'{{"username": "{USER_NAME}"}}',
                generate_string_key="password",
                exclude_characters="\"'@/\\ ",
                password_length=40,
            ),
        )
        acknowledge(self.secret, "AwsSolutions-SMG4", ROTATION_REASON)
        self.cluster = self._cluster(capacity, self._group(vpc_id), self._subnets(subnet_ids), removal)
        self.cluster_arn = self.cluster.attr_db_cluster_arn
        self.instances = [
            self._instance("Writer" if index == 0 else f"Reader{index}", removal)
            for index in range(1 + capacity.readers)
        ]

    def allow_use(self, role: iam.Role) -> None:
        """Let a role run SQL through the Data API with the generated user."""
        allow_data_api(role, self.cluster_arn, self.secret.secret_arn, self._key_arn)

    def _group(self, vpc_id: str) -> str:
        group = ec2.CfnSecurityGroup(
            self,
            "NoConnections",
            group_description="Vector store: no connections, only the Data API",
            vpc_id=vpc_id,
            # An empty list would mean EC2's default of everything outwards; this rule leads nowhere.
            security_group_egress=[
                ec2.CfnSecurityGroup.EgressProperty(
                    ip_protocol="icmp", from_port=252, to_port=86, cidr_ip="255.255.255.255/32", description="Nowhere"
                )
            ],
        )
        return group.attr_group_id

    def _subnets(self, subnet_ids: list[str]) -> str:
        return rds.CfnDBSubnetGroup(
            self, "Subnets", db_subnet_group_description="Vector store", subnet_ids=subnet_ids
        ).ref

    def _cluster(
        self, capacity: AuroraCapacity, group_id: str, subnet_group: str, removal: cdk.RemovalPolicy
    ) -> rds.CfnDBCluster:
        kept = removal != cdk.RemovalPolicy.DESTROY
        paused = int(capacity.auto_pause.to_seconds()) if capacity.min_acu == 0 else None
        cluster = rds.CfnDBCluster(
            self,
            "Cluster",
            engine="aurora-postgresql",
            engine_version=capacity.engine_version,
            database_name=DATABASE_NAME,
            port=PORT,
            enable_http_endpoint=True,
            enable_iam_database_authentication=True,
            master_username=USER_NAME,
            master_user_password=self.secret.secret_value_from_json("password").unsafe_unwrap(),
            serverless_v2_scaling_configuration=rds.CfnDBCluster.ServerlessV2ScalingConfigurationProperty(
                min_capacity=capacity.min_acu, max_capacity=capacity.max_acu, seconds_until_auto_pause=paused
            ),
            storage_encrypted=True,
            kms_key_id=self._key_arn,
            backup_retention_period=int(capacity.backup.to_days()),
            copy_tags_to_snapshot=True,
            deletion_protection=kept,
            db_subnet_group_name=subnet_group,
            vpc_security_group_ids=[group_id],
        )
        cluster.apply_removal_policy(removal)
        if not kept:
            acknowledge(cluster, "AwsSolutions-RDS10", DELETABLE_REASON)
        return cluster

    def _instance(self, construct_id: str, removal: cdk.RemovalPolicy) -> rds.CfnDBInstance:
        instance = rds.CfnDBInstance(
            self,
            construct_id,
            engine="aurora-postgresql",
            db_instance_class="db.serverless",
            db_cluster_identifier=self.cluster.ref,
            publicly_accessible=False,
            auto_minor_version_upgrade=True,
            promotion_tier=1,
        )
        instance.apply_removal_policy(removal)
        return instance


def allow_data_api(
    role: iam.Role, cluster_arn: str, secret_arn: str, key_arn: str | None, *, actions: Sequence[str] = DATA_API_ACTIONS
) -> None:
    """Let a role run SQL on a cluster through the Data API, with the user of a secret."""
    allow(role, actions, [cluster_arn])
    allow(role, ["secretsmanager:GetSecretValue"], [secret_arn])
    allow_key(role, key_arn)
