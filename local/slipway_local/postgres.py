"""Aurora PostgreSQL on a laptop: one embedded PostgreSQL server with pgvector per DB cluster.

A server of its own per cluster keeps the names of roles and databases as the templates give them, as two Aurora
clusters do.
"""

from __future__ import annotations

import json
import re
import shutil
import threading
import time
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from .postgres_pool import ConnectionPool, Lease
from .postgres_server import HOST, PostgresServer

_RECOVERY_SECONDS = 30.0
_SESSION = "-c timezone=UTC -c datestyle=ISO -c intervalstyle=postgres -c bytea_output=hex"
_NOT_READY = {"57P01", "57P02", "57P03"}  # shutting down, crashed, starting up: PostgreSQL's appendix A


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A DB cluster that exists: its identifier, ARN, owner role and database.

    `generation` tells it from an earlier cluster of the same name, whose catalogue was another.
    """

    identifier: str
    arn: str
    username: str
    database: str
    generation: str


class Postgres:
    """The DB clusters of one state folder, under `<state_dir>/postgres/<identifier>`.

    Nothing starts before it is used, and a server that was killed starts again on the next use.
    Connections are loopback TCP with a password. Raises: RuntimeError where a server cannot start.
    """

    def __init__(self, state_dir: Path, *, version: int = 16) -> None:
        self._directory = Path(state_dir) / "postgres"
        self._version = version
        self._pool = ConnectionPool()
        self._lock = threading.Lock()
        self._clusters: dict[str, Cluster] = {}
        self._servers: dict[str, PostgresServer] = {}
        for file in self._directory.glob("*/cluster.json"):
            cluster = Cluster(**json.loads(file.read_text()))
            self._clusters[cluster.arn] = cluster

    def start(self) -> None:
        """Start the server of every cluster that is known; unnecessary, but it moves the wait to a chosen moment."""
        for cluster in list(self._clusters.values()):
            self._server(cluster.identifier).ensure_running()

    def stop(self) -> None:
        """Close the idle connections and stop every server. Data stays, and the next use starts a server again."""
        self._pool.close()
        for cluster in list(self._clusters.values()):
            self._server(cluster.identifier).stop()

    def ensure_cluster(
        self, cluster_identifier: str, arn: str, username: str, password: str, database: str
    ) -> tuple[str, int]:
        """Make the cluster, its owner role and its database where missing, set the password, return host and port.

        The role is what an Aurora master user is: it owns the database and may create roles and databases, and
        is no superuser. pgvector is there in every database, so `CREATE EXTENSION IF NOT EXISTS vector` succeeds as it
        does for `rds_superuser`.
        Raises: ValueError for an identifier that DB clusters may not have.
        Source: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Security.html
        """
        if not re.fullmatch(r"[a-z](-?[a-z0-9])*", cluster_identifier) or len(cluster_identifier) > 63:
            raise ValueError(f"not a DB cluster identifier: {cluster_identifier!r}")
        known = self._clusters.get(arn)
        cluster = Cluster(
            identifier=cluster_identifier,
            arn=arn,
            username=username,
            database=database or "postgres",
            generation=known.generation if known else uuid.uuid4().hex,
        )
        with self._lock:
            server = self._server(cluster_identifier)
            with server.superuser_connection() as connection:
                _ensure_role(connection, username, password)
                _ensure_database(connection, cluster.database, username)
            for name in ("template1", cluster.database):
                with server.superuser_connection(name) as connection:
                    connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
            (self._directory / cluster_identifier / "cluster.json").write_text(json.dumps(asdict(cluster)))
            self._clusters[arn] = cluster
            self._pool.close((cluster_identifier,))  # a session that is open would outlive the old password
        return HOST, server.ensure_running()

    def drop_cluster(self, cluster_identifier: str) -> None:
        """Stop the cluster's server and remove its data; does nothing where there is no such cluster."""
        with self._lock:
            self._pool.close((cluster_identifier,))
            self._server(cluster_identifier).stop(cleanly=False)
            shutil.rmtree(self._directory / cluster_identifier, ignore_errors=True)
            self._servers.pop(cluster_identifier, None)
            self._clusters = {arn: c for arn, c in self._clusters.items() if c.identifier != cluster_identifier}

    def remove_all(self) -> None:
        """Stop and remove every cluster."""
        for cluster in list(self._clusters.values()):
            self.drop_cluster(cluster.identifier)

    def find(self, arn: str) -> Cluster | None:
        """Return the cluster with this ARN, or None."""
        return self._clusters.get(arn)

    def address(self, arn: str) -> tuple[str, int] | None:
        """Return host and port of the cluster with this ARN, starting its server if it is down; None without one."""
        cluster = self.find(arn)
        return (HOST, self._server(cluster.identifier).ensure_running()) if cluster else None

    def clusters(self) -> list[Cluster]:
        """Return every cluster that is known."""
        return list(self._clusters.values())

    def lease(
        self,
        cluster: Cluster,
        *,
        username: str,
        password: str,
        database: str = "postgres",
        statement_timeout_ms: int = 0,
    ) -> Lease:
        """Return a pooled connection in autocommit, starting the server if it is down.

        `statement_timeout_ms` 0 lets a statement run without end.
        Raises: psycopg.OperationalError with PostgreSQL's message for wrong credentials or an unknown database.
        """
        settings = f"{_SESSION} -c statement_timeout={statement_timeout_ms}"

        def connect() -> psycopg.Connection:
            return self._connect(cluster.identifier, username, password, database, settings)

        return self._pool.lease(
            (cluster.identifier, cluster.generation, database, username, password, settings), connect
        )

    def _connect(
        self, identifier: str, username: str, password: str, database: str, settings: str
    ) -> psycopg.Connection:
        deadline = time.monotonic() + _RECOVERY_SECONDS
        while True:
            port = self._server(identifier).ensure_running()
            try:
                return psycopg.connect(
                    host=HOST,
                    port=port,
                    user=username,
                    password=password,
                    dbname=database,
                    autocommit=True,
                    prepare_threshold=None,
                    options=settings,
                )
            except psycopg.OperationalError as error:
                if not _passes(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def _server(self, identifier: str) -> PostgresServer:
        # One atomic step: two servers of one folder would not see each other's locks.
        return self._servers.setdefault(identifier, PostgresServer(self._directory / identifier, version=self._version))


def _passes(error: psycopg.OperationalError) -> bool:
    """True while a server is going down or coming up, or hung up before it had said anything."""
    text = str(error)
    refused = "refused" in text or "closed the connection" in text or "reset by peer" in text
    recovering = any(words in text for words in ("starting up", "shutting down", "recovery mode"))
    return error.sqlstate in _NOT_READY or refused or recovering


def _ensure_role(connection: psycopg.Connection, username: str, password: str) -> None:
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (username,)).fetchone()
    verb = sql.SQL("ALTER" if known else "CREATE")
    connection.execute(
        sql.SQL("{} ROLE {} LOGIN CREATEDB CREATEROLE PASSWORD {}").format(
            verb, sql.Identifier(username), sql.Literal(password)
        )
    )


def _ensure_database(connection: psycopg.Connection, database: str, owner: str) -> None:
    known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone()
    if not known:
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), sql.Identifier(owner))
        )
    elif database == "postgres":
        connection.execute(sql.SQL("GRANT ALL ON DATABASE postgres TO {}").format(sql.Identifier(owner)))
