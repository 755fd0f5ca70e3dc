"""A Spark script on EMR Serverless with a lock file's packages, without Docker: nothing runs, and costs, when idle.

Creates: the application, which starts by itself and stops after 15 idle minutes, the role of its runs, their log group,
and assets for script, first-party code and packages.   Grants: the role may read those assets and write those logs.
Units: `workers` of 4 CPUs and 16 GB, 2 or more: the driver is one. `timeout` 5 minutes to 7 days.
Raises: ValueError if an argument is longer than EMR takes.
Source: EMR Serverless user guide, "Using Python libraries", "Using different Python versions", "Encrypting logs"; EMR
release guide, "Application versions in Amazon EMR 7.x releases"; API reference, "SparkSubmit".
"""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_emrserverless as emr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from slipway_constructs.dependency_layer import LockedInstall, lock_hash
from slipway_constructs.permissions import allow
from slipway_constructs.spark_job import SparkCode

RELEASE = "emr-7.11.0"  # Spark 3.5.6 as on Glue 5.1; Python 3.9 and 3.11
PYTHON_VERSION, PYTHON = "3.11", "/usr/bin/python3.11"
IDLE_MINUTES = 15
MAX_ARGUMENT_CHARACTERS = 10_280
# 14 GB and the tenth that Spark adds for what is outside the heap are a worker of 16.
SIZES = ("spark.driver.cores=4", "spark.driver.memory=14g", "spark.executor.cores=4", "spark.executor.memory=14g")
PACKAGES = "packages"  # the folder, beside the script, that the archive is unpacked to
GROUPS_REASON = "EMR Serverless looks the log group up by listing; the action takes no single group."
STREAMS_REASON = "EMR itself names the log streams, one for each run and worker, in this one group."


@dataclasses.dataclass(frozen=True, kw_only=True)
class JobLogs:
    """How long the runs' logs are kept, what becomes of them with the stack, and the key (None: the service's own)."""

    retention: logs.RetentionDays
    removal: cdk.RemovalPolicy
    key: kms.IKey | None


class EmrServerlessJob(Construct):
    """The application as `application`, by `application_id`; the role of its runs as `role`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        code: SparkCode,
        cache: Path,
        arguments: Mapping[str, str],
        workers: int,
        timeout: cdk.Duration,
        log: JobLogs,
    ) -> None:
        super().__init__(scope, construct_id)
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("emr-serverless.amazonaws.com"))
        self._arguments = [as_one(name, value) for name, value in arguments.items()]
        self._workers, self._timeout = workers, timeout
        self._script, self._modules, self._packages = self._assets(code, cache)
        group = logs.LogGroup(self, "Logs", retention=log.retention, removal_policy=log.removal, encryption_key=log.key)
        self.application = self._application(group)
        self.application_id = self.application.attr_application_id
        self._permit(group)

    def start(self, arguments: str) -> dict[str, Any]:
        """Return the parameters of Step Functions' `startJobRun`; `arguments` is where a run's own ones lie, a path."""
        return {
            "ApplicationId": self.application_id,
            "ExecutionRoleArn": self.role.role_arn,
            "ExecutionTimeoutMinutes": int(self._timeout.to_minutes()),
            "JobDriver": {
                "SparkSubmit": {
                    "EntryPoint": self._script.s3_object_url,
                    "EntryPointArguments.$": arguments,
                    "SparkSubmitParameters": self._submit(),
                }
            },
        }

    @property
    def arguments(self) -> list[str]:
        """Return the script's arguments that are the same for each run."""
        return list(self._arguments)

    def _submit(self) -> str:
        path, driver = f"./{PACKAGES}/python", "spark.emr-serverless.driverEnv"
        settings = [
            *SIZES,
            f"spark.dynamicAllocation.maxExecutors={self._workers - 1}",
            *(f"{driver}.{name}={PYTHON}" for name in ("PYSPARK_DRIVER_PYTHON", "PYSPARK_PYTHON")),
            f"spark.executorEnv.PYSPARK_PYTHON={PYTHON}",
            f"{driver}.PYTHONPATH={path}",
            f"spark.executorEnv.PYTHONPATH={path}",
        ]
        files = f"--py-files {self._modules.s3_object_url} --archives {self._packages.s3_object_url}#{PACKAGES}"
        return " ".join([files, *(f"--conf {setting}" for setting in settings)])

    def _application(self, group: logs.LogGroup) -> emr.CfnApplication:
        kind = emr.CfnApplication
        return kind(
            self,
            "Application",
            type="SPARK",
            release_label=RELEASE,
            architecture="ARM64",
            auto_start_configuration=kind.AutoStartConfigurationProperty(enabled=True),
            auto_stop_configuration=kind.AutoStopConfigurationProperty(enabled=True, idle_timeout_minutes=IDLE_MINUTES),
            maximum_capacity=kind.MaximumAllowedResourcesProperty(
                cpu=f"{4 * self._workers} vCPU", memory=f"{16 * self._workers} GB", disk=f"{20 * self._workers} GB"
            ),
            # What is logged lies in one place, encrypted as all other logs: EMR keeps no copy of its own.
            monitoring_configuration=kind.MonitoringConfigurationProperty(
                cloud_watch_logging_configuration=kind.CloudWatchLoggingConfigurationProperty(
                    enabled=True, log_group_name=group.log_group_name
                ),
                managed_persistence_monitoring_configuration=kind.ManagedPersistenceMonitoringConfigurationProperty(
                    enabled=False
                ),
            ),
        )

    def _assets(self, code: SparkCode, cache: Path) -> tuple[assets.Asset, assets.Asset, assets.Asset]:
        """Return the script, the first-party packages, and the others for Python 3.11 on arm64."""
        modules = assets.Asset(
            self, "Modules", path=str(code.packages), exclude=code.excludes, ignore_mode=cdk.IgnoreMode.GIT
        )
        packages = assets.Asset(
            self,
            "Packages",
            path=str(code.lock_file.parent),
            asset_hash=lock_hash(code.lock_file, PYTHON_VERSION),
            asset_hash_type=cdk.AssetHashType.CUSTOM,
            bundling=cdk.BundlingOptions(
                image=cdk.DockerImage.from_registry("unused"),
                local=LockedInstall(code.lock_file, cache, PYTHON_VERSION),
            ),
        )
        return assets.Asset(self, "Script", path=str(code.script)), modules, packages

    def _permit(self, group: logs.LogGroup) -> None:
        stack = cdk.Stack.of(self)
        needed = [
            stack.format_arn(service="s3", region="", account="", resource=asset.s3_bucket_name,
                             resource_name=asset.s3_object_key)
            for asset in (self._script, self._modules, self._packages)
        ]  # fmt: skip
        allow(self.role, ["s3:GetObject"], needed)
        streams = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        allow(self.role, streams, [group.log_group_arn], wildcard_reason=STREAMS_REASON)
        allow(self.role, ["logs:DescribeLogGroups"], ["*"], wildcard_reason=GROUPS_REASON)


def as_one(name: str, value: str) -> str:
    """Return an argument as one text: EMR takes none that is empty. Raises: ValueError if it is too long."""
    argument = f"{name}={value}"
    if len(argument) > MAX_ARGUMENT_CHARACTERS:
        raise ValueError(
            f"{name} has {len(argument)} characters, and EMR Serverless takes {MAX_ARGUMENT_CHARACTERS}: "
            "write fewer rules and sources, or run Spark on Glue"
        )
    return argument
