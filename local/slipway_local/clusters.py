"""moto's record of DB clusters with what is real here: where the server listens, and its master password.

moto makes up an address and keeps a changed password to itself.
"""

from typing import Any

from slipway_local.postgres import Postgres


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

    DBCluster.endpoint = DBCluster.reader_endpoint = property(host)
    DBInstanceClustered.endpoint = property(instance_address)
    RDSBackend.modify_db_cluster = modify
