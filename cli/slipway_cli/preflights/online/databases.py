"""Whether the region sells the instances of the cluster."""

from collections.abc import Iterator

from slipway_cli.preflights.databases import VERSIONS
from slipway_cli.preflights.finding import Finding
from slipway_cli.preflights.online.client import Clients, pages
from slipway_cli.preflights.subject import Subject


def orderable(subject: Subject, client: Clients) -> Iterator[Finding]:
    """Yield an error for each instance class that cannot be ordered with the version of the engine."""
    wanted = {
        (cluster.properties["Engine"], str(cluster.properties["EngineVersion"]), kind): item
        for item in subject.of("AWS::RDS::DBInstance")
        if (cluster := subject.named(item.stack, item.properties.get("DBClusterIdentifier")))
        and isinstance(kind := item.properties.get("DBInstanceClass"), str)
        and "EngineVersion" in cluster.properties
    }
    for (engine, version, kind), item in wanted.items():
        offers = pages(
            client("rds"), "describe_orderable_db_instance_options", "OrderableDBInstanceOptions",
            Engine=engine, EngineVersion=version, DBInstanceClass=kind,
        )  # fmt: skip
        if next(offers, None) is None:
            yield Finding(
                check="engine-version",
                what=f"{engine} {version} on {kind} cannot be ordered in {subject.region}",
                where=item.where,
                setting="retrieval.aurora.engine_version",
                remedy="Choose a version that `aws rds describe-orderable-db-instance-options` lists.",
                documentation=VERSIONS,
            )
