"""moto's record of DB clusters with what is real here: where the server listens, and its master password.

moto makes up an address, keeps a changed password to itself, and knows the Data API of ancient versions alone.
"""

from typing import Any

from slipway_local.postgres import Postgres


def http_endpoint_enabled(arn: str) -> bool:
    """Return whether the Data API may be used on a cluster.

    Source: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.enabling.html
    """
    from moto.rds.models import rds_backends

    region, account, name = (arn.split(":")[index] for index in (3, 4, -1))
    cluster = rds_backends[account][region].clusters.get(name)
    return bool(cluster and cluster.enable_http_endpoint)


def install(databases: Postgres) -> None:
    """Let the RDS API tell the addresses of `databases`, and change the passwords there."""
    from moto.rds.models import DBCluster, DBInstanceClustered, RDSBackend

    record_change = RDSBackend.modify_db_cluster

    def host(cluster: Any) -> str | None:
        address = databases.address(cluster.db_cluster_arn)
        return address[0] if address else None

    def instance_address(instance: Any) -> dict[str, Any]:
        return {"Address": host(instance.cluster), "Port": instance.cluster.port}

    def modify(backend: Any, kwargs: dict[str, Any]) -> Any:
        arn = backend.clusters[kwargs["db_cluster_identifier"]].db_cluster_arn
        password = kwargs.get("master_user_password")
        cluster = databases.find(arn)
        if cluster and password:
            databases.ensure_cluster(cluster.identifier, arn, cluster.username, password, cluster.database)
        return record_change(backend, kwargs)

    def set_http_endpoint(cluster: Any, value: bool | None) -> None:
        cluster._enable_http_endpoint = bool(value)

    DBCluster.enable_http_endpoint = DBCluster.enable_http_endpoint.setter(set_http_endpoint)
    DBCluster.endpoint = DBCluster.reader_endpoint = property(host)
    DBInstanceClustered.endpoint = property(instance_address)
    RDSBackend.modify_db_cluster = modify
