"""A Glue 5.1 job that runs a Spark script with a lock file's packages, without Docker.

Creates: the job, its role, and assets for script, first-party code and lock file.   Grants: the role may read those
assets and write Glue's logs.
Units: `timeout` up to 7 days; `workers` 2 to 299.
Source: AWS Glue developer guide, "Using Python libraries with AWS Glue" (requirements.txt) and "Job parameters".
"""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from slipway_constructs.acknowledgement import acknowledge
from slipway_constructs.permissions import allow

GLUE_VERSION = "5.1"  # Spark 3.5.6, Python 3.11, Java 17
JOB_LOGS_REASON = "The job logs counts and codes, never content; CloudWatch Logs encrypts them by its own keys."
BOOKMARKS_REASON = "The job keeps no bookmarks: each run reads the whole prefix, so there is nothing to encrypt."
LOGS_REASON = "Glue itself names the log streams, one for each run and executor, in its two log groups."


@dataclasses.dataclass(frozen=True, kw_only=True)
class SparkCode:
    """What the job runs: a script, the folder of its first-party packages, and the lock file of the others."""

    script: Path
    packages: Path
    excludes: list[str]
    lock_file: Path


class SparkJob(Construct):
    """The job as `job`, by `name`; its role as `role`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        description: str,
        code: SparkCode,
        arguments: Mapping[str, str],
        workers: int,
        timeout: cdk.Duration,
    ) -> None:
        super().__init__(scope, construct_id)
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("glue.amazonaws.com"))
        script, lock, packages = self._assets(code)
        self.job = glue.CfnJob(
            self,
            "Job",
            description=description,
            role=self.role.role_arn,
            glue_version=GLUE_VERSION,
            command=glue.CfnJob.JobCommandProperty(
                name="glueetl", python_version="3", script_location=script.s3_object_url
            ),
            worker_type="G.1X",
            number_of_workers=workers,
            timeout=int(timeout.to_minutes()),
            max_retries=0,
            default_arguments={
                "--extra-py-files": packages.s3_object_url,
                "--python-modules-installer-option": "-r",
                "--additional-python-modules": lock.s3_object_url,
                "--enable-spark-ui": "false",
                "--enable-metrics": "true",
                **arguments,
            },
        )
        acknowledge(self.job, "AwsSolutions-GL1", JOB_LOGS_REASON)
        acknowledge(self.job, "AwsSolutions-GL3", BOOKMARKS_REASON)
        self.name = self.job.ref
        self._permit([script, lock, packages])

    def _assets(self, code: SparkCode) -> tuple[assets.Asset, assets.Asset, assets.Asset]:
        """Return the script, the lock file and the packages."""
        packages = assets.Asset(
            self, "Packages", path=str(code.packages), exclude=code.excludes, ignore_mode=cdk.IgnoreMode.GIT
        )
        script = assets.Asset(self, "Script", path=str(code.script))
        return script, assets.Asset(self, "Lock", path=str(code.lock_file)), packages

    def _permit(self, needed: list[assets.Asset]) -> None:
        stack = cdk.Stack.of(self)
        allow(
            self.role,
            ["s3:GetObject"],
            [
                stack.format_arn(service="s3", region="", account="", resource=asset.s3_bucket_name,
                                 resource_name=asset.s3_object_key)
                for asset in needed
            ],
        )  # fmt: skip
        groups = stack.format_arn(
            service="logs",
            resource="log-group",
            resource_name="/aws-glue/*",
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        actions = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
        allow(self.role, actions, [groups], wildcard_reason=LOGS_REASON)
        # Glue checks the role when a run starts, not before.
