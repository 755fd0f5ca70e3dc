"""Watches the jobs of a vault of AWS Backup.

Creates: alarms for jobs that failed or expired.   Grants: none.
Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/cloudwatch.html ("Metrics in CloudWatch").
"""

from constructs import Construct

from slipway_constructs.monitoring import Metric, Monitor


class BackupMonitor(Monitor):
    """Alarms on any job that failed, and on any that did not begin or end in its window."""

    def __init__(self, scope: Construct, construct_id: str, *, topic_arn: str, vault_name: str) -> None:
        super().__init__(scope, construct_id, topic_arn=topic_arn)
        jobs = {
            name: Metric("AWS/Backup", f"NumberOfBackupJobs{name}", {"BackupVaultName": vault_name}, "Sum")
            for name in ("Completed", "Failed", "Expired")
        }
        self.alarm(
            "Failed",
            jobs["Failed"],
            above=0,
            description=f"{construct_id}: a job failed. AWS Backup says why.",
            runbook="backup",
        )
        self.alarm(
            "Expired",
            jobs["Expired"],
            above=0,
            description=f"{construct_id}: a job did not begin or end in its window; the next night's covers it.",
            runbook="backup",
        )
        self.graph(f"{construct_id}: jobs completed, failed, expired", *jobs.values())
