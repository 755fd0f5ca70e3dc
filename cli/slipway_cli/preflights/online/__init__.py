"""The checks that ask the account, read-only: what may not be asked is a warning, never silence."""

import functools
from collections.abc import Callable, Iterator

from botocore.exceptions import ClientError

from slipway_cli.preflights.finding import Finding, Severity
from slipway_cli.preflights.online import account, databases, functions, models, network, permissions, quotas
from slipway_cli.preflights.online.client import DENIED, Clients
from slipway_cli.preflights.subject import Subject

PERMISSIONS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_job-functions.html"
ONLINE: tuple[Callable[[Subject, Clients], Iterator[Finding]], ...] = (
    account.identity,
    account.bootstrap,
    account.api_logging_role,
    account.log_policies,
    quotas.counts,
    quotas.roles,
    quotas.instances,
    quotas.spark_cpus,
    functions.concurrency,
    models.access,
    models.profiles,
    network.endpoint_zones,
    network.existing_subnets,
    databases.orderable,
    permissions.deployment,
)


def online(subject: Subject, client: Clients) -> list[Finding]:
    """The findings of all checks that ask an account. `client`: makes a boto3 client of a service.

    Raises: ClientError, BotoCoreError for what is no matter of permissions, such as missing credentials.
    """
    client = functools.cache(client)  # making one takes longer than asking
    found: list[Finding] = []
    for check in ONLINE:
        try:
            found += check(subject, client)
        except ClientError as error:
            if error.response["Error"]["Code"] not in DENIED:
                raise
            found.append(
                Finding(
                    check="not-asked",
                    what=f"{check.__name__.replace('_', ' ')}: {error.operation_name} was denied",
                    where=subject.environment,
                    remedy="Run it with the permissions of docs/preflight.md.",
                    documentation=PERMISSIONS,
                    severity=Severity.WARNING,
                )
            )
    return found
