"""The environment that a command talks to: the local cloud, or an AWS account. Both are reached in the same way, by
the names that the stacks publish in SSM; only the endpoint differs."""

import functools
import json
import re
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from slipway_cli.errors import CommandError
from slipway_cli.project import Project
from slipway_local import cloud
from slipway_local.aws import Credentials

LOCAL_REGION = "us-east-1"
EXECUTE_API = re.compile(r"https://(?P<api>[a-z0-9]+)\.execute-api\.[^/]+(?P<path>/.*)")


@dataclass(frozen=True)
class Target:
    """One environment, by its name; `endpoint_url` is the local cloud's, or None for AWS."""

    environment: str
    endpoint_url: str | None
    region: str | None
    administrator: Credentials | None = None  # of the local cloud: the user's own must not travel to it

    @functools.cached_property
    def _session(self) -> boto3.Session:
        if self.administrator is None:
            return boto3.Session(region_name=self.region)
        return boto3.Session(
            aws_access_key_id=self.administrator.access_key_id,
            aws_secret_access_key=self.administrator.secret_access_key,
            region_name=self.region or LOCAL_REGION,
        )

    def client(self, service: str) -> Any:
        """A boto3 client of this environment's account."""
        config = Config(retries={"total_max_attempts": 5, "mode": "standard"}, max_pool_connections=32)
        # mypy: boto3's overloads want a literal service name.
        return self._session.client(service, endpoint_url=self.endpoint_url, config=config)  # type: ignore[call-overload]

    def parameter(self, name: str) -> str:
        """The value that a stack published as `<stack>/<name>`.

        Raises: CommandError if it is not there: not deployed, or no access.
        """
        full_name = f"/slipway/{self.environment}/{name}"
        try:
            value: str = self.client("ssm").get_parameter(Name=full_name)["Parameter"]["Value"]
        except (NoRegionError, NoCredentialsError) as error:
            remedy = "Set AWS_REGION, and AWS_PROFILE or the credentials of the environment's account."
            raise CommandError(f"{error} {remedy}") from error
        except (ClientError, BotoCoreError) as error:
            where = "the local cloud" if self.endpoint_url else "AWS"
            raise CommandError(
                f"cannot read the SSM parameter {full_name} in {where}: {error}. "
                f"Is {self.environment!r} deployed there, and do these credentials belong to its account?"
            ) from error
        return value

    def parameter_of(self, feature: str, name: str, setting: str) -> str:
        """The value that a stack publishes where this feature is on.

        Raises: CommandError that names the feature and the setting first.
        """
        try:
            return self.parameter(name)
        except CommandError as error:
            where = f"config/{self.environment}.yaml"
            remedy = f"Set {setting} in {where} and deploy."
            raise CommandError(
                f"{feature} is off in {self.environment!r}, or not deployed. {remedy} ({error})"
            ) from error

    @functools.cached_property
    def gateway_url(self) -> str:
        """The base URL for an OpenAI client; it ends in /v1."""
        url = self.parameter("gateway/url").rstrip("/")
        if self.endpoint_url is None:
            return url
        match = EXECUTE_API.fullmatch(url)
        if match is None:
            raise CommandError(f"gateway/url is {url!r}, which is not an API Gateway URL")
        return f"{self.endpoint_url}/_aws/execute-api/{match['api']}{match['path']}"

    @functools.cached_property
    def api_key(self) -> str:
        """The key of the first tenant, from Secrets Manager."""
        secret_arn = self.parameter("gateway/api-key-secret-arn")
        secret = self.client("secretsmanager").get_secret_value(SecretId=secret_arn)["SecretString"]
        key: str = json.loads(secret)["key"]
        return key


def find_target(project: Project, environment: str, *, aws: bool) -> Target:
    """The environment in AWS if `aws`, else in the local cloud, which must be up.

    Raises: CommandError if there is no such environment, or its local cloud is not running.
    """
    project.require_environment(environment)
    if aws:
        return Target(environment, None, None)
    status = cloud.status(project.state(environment))
    if status.state != "running":
        raise CommandError(
            f"the local cloud of {environment!r} is {status.state}. "
            f"Start it with `slipway local up --env {environment}`, or add --aws for the environment in your account."
        )
    return Target(environment, status.endpoint_url, None, cloud.credentials(project.state(environment)))
