"""Backup: a vault of AWS Backup, a nightly plan, and what it copies: buckets, tables and the Aurora cluster.

OpenSearch Serverless, S3 Vectors and Kendra are made anew of the documents: AWS Backup knows none of them.
Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/backup-feature-availability.html
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_backup as backup
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from constructs import Construct

from slipway_constructs.acknowledgement import acknowledge
from slipway_constructs.backup_monitor import BackupMonitor
from slipway_constructs.monitoring import Monitor
from stacks.settings import Settings
from stacks.settings_backup import CONTINUOUS_DAYS
from stacks.slipway_stack import SlipwayStack
from stacks.tables import table_names

BUCKETS = ("raw", "artifacts")
# What ingestion makes anew is left to the tables' own point-in-time recovery.
TABLES = ("documents", "audit", "approvals", "conversations", "holds", "labelling", "meters", "prompts", "tenants")
POLICIES = ("AWSBackupServiceRolePolicyForBackup", "AWSBackupServiceRolePolicyForS3Backup")
POLICY_REASON = (
    "AWS keeps these policies in step with what its Backup service calls; a list of our own would break backups "
    "without anybody noticing, and the role can be assumed by that service alone."
)
CHANGEABLE = cdk.Duration.days(3)  # the least that AWS takes for a lock that becomes irrevocable


class BackupStack(SlipwayStack):
    """The vault keeps its recovery points when its stack goes, unless the settings say removal: destroy."""

    def __init__(self, scope: Construct, *, name: str, settings: Settings) -> None:
        super().__init__(scope, "backup", name=name, settings=settings)
        vault = self._vault()
        plan = backup.BackupPlan(self, "Plan", backup_vault=vault, backup_plan_rules=self._rules())
        backup.CfnBackupSelection(
            self,
            "Selection",
            backup_plan_id=plan.backup_plan_id,
            backup_selection=backup.CfnBackupSelection.BackupSelectionResourceTypeProperty(
                selection_name="stores", iam_role_arn=self._role().role_arn, resources=self._resources()
            ),
        )
        self.publish({"vault-name": vault.backup_vault_name, "vault-arn": vault.backup_vault_arn})

    def _vault(self) -> backup.BackupVault:
        settings = self.settings.backup
        lock = backup.LockConfiguration(
            min_retention=cdk.Duration.days(7),
            max_retention=cdk.Duration.days(max(settings.keep_days, CONTINUOUS_DAYS)),
            changeable_for=CHANGEABLE if settings.lock == "compliance" else None,
        )
        return backup.BackupVault(
            self,
            "Vault",
            encryption_key=self.key(),
            lock_configuration=None if settings.lock == "none" else lock,
            removal_policy=self.removal,
        )

    def _rules(self) -> list[backup.BackupPlanRule]:
        settings = self.settings.backup
        nightly = backup.BackupPlanRule(
            rule_name="nightly",
            schedule_expression=events.Schedule.cron(hour="3", minute="0"),
            start_window=cdk.Duration.hours(1),
            completion_window=cdk.Duration.hours(8),
            delete_after=cdk.Duration.days(settings.keep_days),
        )
        if not settings.continuous:
            return [nightly]
        continuous = backup.BackupPlanRule(
            rule_name="continuous",
            schedule_expression=events.Schedule.cron(hour="2", minute="0"),
            enable_continuous_backup=True,
            delete_after=cdk.Duration.days(CONTINUOUS_DAYS),
        )
        return [nightly, continuous]

    def _role(self) -> iam.Role:
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("backup.amazonaws.com"))
        for policy in POLICIES:
            # The policies lie in different paths: service-role/ and none.
            path = "service-role/" if policy.endswith("ForBackup") else ""
            role.add_managed_policy(iam.ManagedPolicy.from_aws_managed_policy_name(f"{path}{policy}"))
            named = f"arn:<AWS::Partition>:iam::aws:policy/{path}{policy}"
            acknowledge(role, f"AwsSolutions-IAM4[Policy::{named}]", POLICY_REASON)
        return role

    def _resources(self) -> list[str]:
        made = table_names(self.settings)
        tables = [name for name in TABLES if name in made]
        cluster = [self.look_up("retrieval", "cluster-arn")] if self.settings.retrieval.store == "aurora" else []
        return [*map(self.bucket_arn, BUCKETS), *map(self.table_arn, tables), *cluster]


def monitors(stack: SlipwayStack, topic_arn: str) -> list[Monitor]:
    """Watch the jobs of the vault."""
    return [BackupMonitor(stack, "Backup", topic_arn=topic_arn, vault_name=stack.look_up("backup", "vault-name"))]
