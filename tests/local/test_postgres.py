"""The embedded PostgreSQL: made twice, killed, moved to a long path, kept apart by cluster and password."""

from __future__ import annotations

import os
import time
from pathlib import Path

import psycopg
import pytest

from slipway_local.postgres import Cluster, Postgres

pytestmark = pytest.mark.capability("O14")


def _lease(postgres: Postgres, cluster: Cluster, **changes: str):
    arguments = {"username": "slipway", "password": "pass'word", "database": "slipway"} | changes
    return postgres.lease(cluster, **arguments)


def test_the_owner_is_no_superuser_and_may_use_pgvector(data_api, cluster) -> None:
    lease = _lease(data_api.postgres, cluster)
    try:
        # Aurora's master user is a member of rds_superuser, not a superuser:
        # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Roles.rds_superuser.html
        query = "SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user"
        assert lease.connection.execute(query).fetchone() == (False, True)
        lease.connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        distance = lease.connection.execute("SELECT '[1,0]'::halfvec(2) <=> '[0,1]'::halfvec(2)").fetchone()
        assert distance == (1.0,)
    finally:
        lease.release()


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"password": "wrong"}, "password authentication failed"), ({"database": "nowhere"}, "does not exist")],
)
def test_wrong_credentials_and_unknown_databases_are_refused(data_api, cluster, changes, message) -> None:
    with pytest.raises(psycopg.OperationalError, match=message):
        _lease(data_api.postgres, cluster, **changes)


def test_a_killed_server_starts_again_and_has_lost_nothing(data_api, cluster, kill_server) -> None:
    lease = _lease(data_api.postgres, cluster)
    lease.connection.execute("CREATE TABLE survivors AS SELECT generate_series(1, 100) AS n")
    lease.release()
    kill_server()
    again = _lease(data_api.postgres, cluster)
    try:
        assert again.connection.execute("SELECT count(*) FROM survivors").fetchone() == (100,)
        again.connection.execute("DROP TABLE survivors")
    finally:
        again.release()


def test_a_session_leaves_nothing_behind_in_its_connection(data_api, cluster) -> None:
    lease = _lease(data_api.postgres, cluster)
    first = lease.connection
    first.execute("SET search_path TO pg_catalog")
    first.execute("BEGIN")
    lease.release()
    again = _lease(data_api.postgres, cluster)
    try:
        assert again.connection is first
        assert again.connection.execute("SHOW search_path").fetchone() == ('"$user", public',)
    finally:
        again.release()


def test_state_survives_a_stop_under_a_long_path_and_a_dropped_cluster_is_gone(tmp_path: Path) -> None:
    state = tmp_path.joinpath(*(["a" * 60] * 3))  # longer than the 107 bytes of a unix socket's name
    postgres = Postgres(state)
    arn = "arn:aws:rds:eu-central-1:123456789012:cluster:other"
    first = postgres.ensure_cluster("other", arn, "admin", "one", "notes")
    lease = postgres.lease(postgres.find(arn), username="admin", password="one", database="notes")
    lease.connection.execute("CREATE TABLE kept (n int)")
    lease.release()
    postgres.stop()

    again = Postgres(state)
    try:
        assert again.find(arn).database == "notes"
        assert again.ensure_cluster("other", arn, "admin", "two", "notes") == first, "the port stays where it is free"
        lease = again.lease(again.find(arn), username="admin", password="two", database="notes")
        assert lease.connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
        lease.release()
        with pytest.raises(psycopg.OperationalError, match="password"):
            again.lease(again.find(arn), username="admin", password="one", database="notes")
    finally:
        again.drop_cluster("other")
    assert again.find(arn) is None
    assert not (state / "postgres" / "other").exists()


def test_the_server_listens_on_loopback_only(data_api) -> None:
    with data_api.postgres._server("slipway-test").superuser_connection() as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)
        assert connection.execute("SHOW unix_socket_directories").fetchone() == ("",)


@pytest.mark.parametrize("identifier", ["", "Has-Capitals", "../escape", "ends-", "1digit", "a--b", "x" * 64])
def test_an_identifier_that_rds_refuses_is_refused(tmp_path: Path, identifier: str) -> None:
    # https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBCluster.html, DBClusterIdentifier
    with pytest.raises(ValueError, match="not a DB cluster identifier"):
        Postgres(tmp_path).ensure_cluster(identifier, "arn", "user", "password", "db")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_than_root_can_run_it(tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents):
        if folder.owner() == "root" and folder != Path("/") and folder != Path("/tmp"):
            folder.chmod(0o755)
    os.chown(tmp_path, 65534, 65534)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            postgres = Postgres(tmp_path / "state")
            postgres.ensure_cluster("mine", "arn:mine", "me", "secret", "db")
            lease = postgres.lease(postgres.find("arn:mine"), username="me", password="secret", database="db")
            code = 0 if lease.connection.execute("SELECT 7").fetchone() == (7,) else 2
            lease.release()
            postgres.drop_cluster("mine")
        finally:
            os._exit(code)
    deadline = time.monotonic() + 30
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert not (tmp_path / "state" / "postgres" / "mine").exists()
