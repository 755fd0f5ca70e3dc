"""How many functions the account may run at once: new accounts have ten."""

from collections.abc import Iterator

from slipway_cli.preflights.finding import Finding, Severity
from slipway_cli.preflights.functions import LEAST_UNRESERVED, RESERVED
from slipway_cli.preflights.online.client import Clients
from slipway_cli.preflights.subject import Subject


def concurrency(subject: Subject, client: Clients) -> Iterator[Finding]:
    """Yield an error if too much would be reserved, a warning if ingestion alone could use all there is."""
    limits = client("lambda").get_account_settings()["AccountLimit"]
    reserved = sum(
        int(item.properties.get("ReservedConcurrentExecutions", 0)) for item in subject.of("AWS::Lambda::Function")
    )
    free = limits["UnreservedConcurrentExecutions"]
    if reserved and free - reserved < LEAST_UNRESERVED:
        yield Finding(
            check="reserved-concurrency",
            what=f"{reserved} executions are to be reserved, {free} are free, and {LEAST_UNRESERVED} must stay free",
            where=subject.environment,
            setting="ingestion.max_concurrency",
            remedy="Reserve less, or have the quota raised.",
            documentation=RESERVED,
        )
    if limits["ConcurrentExecutions"] <= subject.settings.ingestion.max_concurrency:
        yield Finding(
            check="concurrency",
            what=f"the account may run {limits['ConcurrentExecutions']} functions at once, and ingestion alone "
            f"{subject.settings.ingestion.max_concurrency}: the gateway would be throttled",
            where=subject.environment,
            setting="ingestion.max_concurrency",
            remedy="Set it lower, or have the quota raised.",
            documentation=RESERVED,
            severity=Severity.WARNING,
        )
