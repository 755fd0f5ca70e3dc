"""Run one statement on a connection, through libpq itself: values keep their declared types, results their text."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psycopg
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

from ..aws_json import JsonObject, ServiceError
from ..postgres_pool import Lease
from .errors import from_result, statement_timeout, unavailable
from .parameters import Bound, Statement, bind, parse


@dataclass(kw_only=True)
class Session:
    """A connection held for one call, and how to let go of it.

    `carries_on` says that a statement outlived its call and lets go by itself.
    """

    lease: Lease
    finish: Callable[[], None]
    carries_on: bool = False


_ROWS = ExecStatus.TUPLES_OK
_DONE = (ExecStatus.COMMAND_OK, ExecStatus.EMPTY_QUERY)


def run(connection: psycopg.Connection, statement: Statement, bound: Bound) -> PGresult:
    """Return the statement's result. Raises: ServiceError for a failure, a lost connection or COPY."""
    server = connection.pgconn
    try:
        result = server.exec_params(statement.sql.encode(), bound.values, bound.types)
    except psycopg.Error as error:
        raise unavailable() from error
    if result.status == _ROWS or result.status in _DONE:
        return result
    if result.status == ExecStatus.FATAL_ERROR:
        raise from_result(result, server.backend_pid)
    connection.close()  # COPY has taken the connection over
    raise ServiceError("BadRequestException", "COPY from or to the client is not supported.")


def run_batch(connection: psycopg.Connection, sql: str, sets: Sequence[Sequence[JsonObject]]) -> int:
    """Run `sql` once per parameter set, all or none of them, and return how often.

    Inside a transaction it joins it. The service's guide does not say what remains of a batch that fails half-way
    outside of one; here it is nothing.
    """
    statement = parse(sql)
    bounds = [bind(statement, parameters) for parameters in sets] or [bind(statement, [])]
    own = connection.info.transaction_status == TransactionStatus.IDLE
    if own:
        run(connection, parse("BEGIN"), Bound([], []))
    try:
        for bound in bounds:
            run(connection, statement, bound)
        if own:
            run(connection, parse("COMMIT"), Bound([], []))
    except ServiceError:
        if own and not connection.closed and connection.info.transaction_status != TransactionStatus.UNKNOWN:
            connection.execute("ROLLBACK")
        raise
    return len(bounds)


def run_on(session: Session, statement: Statement, bound: Bound, seconds: float) -> PGresult:
    """Run the statement without a time limit, but wait only `seconds` for it (`continueAfterTimeout`).

    Raises: StatementTimeoutException while the statement carries on.
    """
    connection = session.lease.connection

    def work() -> PGresult:
        connection.execute("SET statement_timeout = 0")
        result = run(connection, statement, bound)
        connection.execute("RESET statement_timeout")
        return result

    result = _run_detached(work, seconds, session)
    if result is None:
        raise statement_timeout(connection.pgconn.backend_pid)
    return result


def _run_detached(work: Callable[[], PGresult], seconds: float, session: Session) -> PGresult | None:
    """The result of `work`, or None where it takes longer; then the session ends with it."""
    outcome: list[PGresult | Exception] = []
    handover, finished = threading.Lock(), threading.Event()

    def carry() -> None:
        try:
            outcome.append(work())
        except Exception as error:  # raised again in the caller's thread
            outcome.append(error)
        with handover:
            finished.set()
            if session.carries_on:
                session.finish()

    threading.Thread(target=carry, daemon=True).start()
    finished.wait(seconds)
    with handover:
        if not finished.is_set():
            session.carries_on = True
            return None
    if isinstance(outcome[0], Exception):
        raise outcome[0]
    return outcome[0]
