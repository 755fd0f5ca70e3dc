"""Queries of CloudWatch Logs Insights, saved so that nobody has to write them in the night.

Creates: a query definition each.   Grants: none.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
"""

from collections.abc import Mapping, Sequence

from aws_cdk import aws_logs as logs
from constructs import Construct

# By name, the commands of each query in order. The functions log JSON: powertools' fields, and those of `extra`.
FUNCTION_QUERIES: Mapping[str, Sequence[str]] = {
    "errors": (
        "fields @timestamp, service, message, exception_name, function_request_id",
        'filter level = "ERROR" or level = "CRITICAL"',
        "sort @timestamp desc",
        "limit 100",
    ),
    "errors by kind": (
        'filter level = "ERROR" or level = "CRITICAL"',
        "stats count(*) as errors by service, message, exception_name",
        "sort errors desc",
    ),
    "slowest invocations": (
        'filter @type = "REPORT"',
        "fields @requestId, @duration, @initDuration, @maxMemoryUsed / 1000000 as megabytes",
        "sort @duration desc",
        "limit 50",
    ),
    "cold starts": (
        'filter @type = "REPORT"',
        "stats count(*) as invocations, count(@initDuration) as cold, pct(@initDuration, 90) as p90 by bin(1h)",
    ),
}


class SavedQueries(Construct):
    """The queries over log groups, as `<folder>/<name>`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        folder: str,
        log_groups: Sequence[str],
        queries: Mapping[str, Sequence[str]] = FUNCTION_QUERIES,
    ) -> None:
        super().__init__(scope, construct_id)
        for name, commands in queries.items():
            logs.CfnQueryDefinition(
                self,
                name.title().replace(" ", ""),
                name=f"{folder}/{name}",
                log_group_names=list(log_groups),
                query_string="\n| ".join(commands),
            )
