"""The RDS Data API as a WSGI application: what boto3's `rds-data` client calls.

Source: https://docs.aws.amazon.com/rdsdataservice/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import psycopg
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

from ..aws_json import JsonObject, ServiceError, parse_object, read_body, respond, respond_error, validation_error
from ..postgres import Postgres
from ..postgres_pool import Lease
from . import results
from .access import Access
from .errors import unavailable
from .execute import Session, run, run_batch, run_on
from .metadata import Catalogue, column_metadata
from .parameters import Bound, bind, parse
from .transactions import Transactions

MAX_REQUEST_BYTES = 4 * 1024 * 1024
MAX_SQL_CHARACTERS = 65536


class RdsDataApi:
    """The Data API of every cluster in `postgres`.

    `secrets` returns the JSON object of a secret by its ARN, {"username", "password", …}, and raises LookupError for an
    unknown one; `enabled` says whether a cluster's HTTP endpoint is on. The limits' defaults are the service's; tests
    shorten them.
    Units: seconds.
    """

    def __init__(
        self,
        postgres: Postgres,
        secrets: Callable[[str], Mapping[str, Any]],
        *,
        enabled: Callable[[str], bool] = lambda resource_arn: True,
        statement_timeout_seconds: float = 45,
        transaction_idle_seconds: float = 180,
        transaction_lifetime_seconds: float = 24 * 3600,
    ) -> None:
        self._postgres = postgres
        self._timeout = statement_timeout_seconds
        milliseconds = int(statement_timeout_seconds * 1000)
        self._access = Access(postgres, secrets, enabled, statement_timeout_ms=milliseconds)
        self._transactions = Transactions(
            idle_seconds=transaction_idle_seconds, lifetime_seconds=transaction_lifetime_seconds
        )
        self._catalogue = Catalogue()
        self._routes: dict[str, Callable[[JsonObject], JsonObject]] = {
            "/Execute": self._execute,
            "/BatchExecute": self._batch_execute,
            "/BeginTransaction": self._begin,
            "/CommitTransaction": self._commit,
            "/RollbackTransaction": self._rollback,
        }

    def pause(self, resource_arn: str, seconds: float) -> None:
        """Take the cluster to 0 ACU: the next call wakes it, and until `seconds` after that each call is refused.

        Source: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2-auto-pause.html
        """
        self._transactions.end_all(resource_arn)
        self._access.pause(resource_arn, seconds)

    def pause_clusters(self, identifier: str | None, seconds: float) -> list[str]:
        """Pause the cluster of this identifier, or every one, and return the identifiers.

        Raises: LookupError for an unknown identifier.
        """
        known = {cluster.identifier: cluster.arn for cluster in self._postgres.clusters()}
        if identifier is not None and identifier not in known:
            raise LookupError(f"there is no DB cluster {identifier!r}; there are: {', '.join(sorted(known)) or 'none'}")
        chosen = [identifier] if identifier else sorted(known)
        for name in chosen:
            self.pause(known[name], seconds)
        return chosen

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        try:
            body = read_body(environ, MAX_REQUEST_BYTES)
            route = self._routes.get(environ.get("PATH_INFO", ""))
            if route is None or environ["REQUEST_METHOD"] != "POST":
                raise ServiceError("UnknownOperationException", "There is no such operation", 404)
            return respond(start_response, route(parse_object(body)))
        except ServiceError as error:
            return respond_error(start_response, error)
        except psycopg.Error:  # the server went away between two statements of a call
            return respond_error(start_response, unavailable())

    def _execute(self, body: JsonObject) -> JsonObject:
        statement = parse(_sql(body))
        bound = bind(statement, body.get("parameters") or [])
        with self._session(body) as session:
            if body.get("continueAfterTimeout"):
                result = run_on(session, statement, bound, self._timeout)
            else:
                result = run(session.lease.connection, statement, bound)
            return self._answer(body, session.lease, result)

    def _batch_execute(self, body: JsonObject) -> JsonObject:
        sql = _sql(body)
        with self._session(body) as session:
            count = run_batch(session.lease.connection, sql, body.get("parameterSets") or [])
        # generatedFields stay empty for PostgreSQL; RETURNING is its way.
        return {"updateResults": [{"generatedFields": []} for _ in range(count)]}

    def _begin(self, body: JsonObject) -> JsonObject:
        resource_arn = _required(body, "resourceArn")
        lease = self._access.lease(resource_arn, _required(body, "secretArn"), body.get("database") or "postgres")
        return {"transactionId": self._transactions.begin(lease, resource_arn)}

    def _commit(self, body: JsonObject) -> JsonObject:
        result = self._end(body, "COMMIT")
        if result.command_status != b"COMMIT":  # PostgreSQL turns the commit of a failed transaction into a rollback
            message = "ERROR: current transaction is aborted, commands ignored until end of transaction block"
            raise ServiceError("DatabaseErrorException", f"{message}; SQLState: 25P02")
        return {"transactionStatus": "Transaction Committed"}

    def _rollback(self, body: JsonObject) -> JsonObject:
        self._end(body, "ROLLBACK")
        return {"transactionStatus": "Rollback Complete"}

    def _end(self, body: JsonObject, command: str) -> PGresult:
        transaction_id = _required(body, "transactionId")
        with self._session(body) as session:
            try:
                return run(session.lease.connection, parse(command), Bound([], []))
            finally:  # also a commit that fails, on a deferred constraint for example, is the end
                self._transactions.forget(transaction_id, keep_connection=True)

    @contextmanager
    def _session(self, body: JsonObject) -> Iterator[Session]:
        """The connection for one call: the transaction's, or one that goes back to the pool after it."""
        resource_arn, secret_arn = _required(body, "resourceArn"), _required(body, "secretArn")
        if body.get("transactionId"):
            self._access.check(resource_arn, secret_arn)
            with self._transactions.use(body["transactionId"], resource_arn) as session:
                yield session
            return
        lease = self._access.lease(resource_arn, secret_arn, body.get("database") or "postgres")
        session = Session(lease=lease, finish=lease.release)
        try:
            yield session
        finally:
            if not session.carries_on:
                session.finish()

    def _answer(self, body: JsonObject, lease: Lease, result: PGresult) -> JsonObject:
        if result.status != ExecStatus.TUPLES_OK:
            return {"numberOfRecordsUpdated": result.command_tuples or 0, "generatedFields": []}
        columns = self._catalogue.columns(lease.connection, lease.key[:3], result)
        results.check_columns(columns)
        options = _options(body.get("resultSetOptions") or {})
        answer: JsonObject = {"numberOfRecordsUpdated": 0}
        if body.get("formatRecordsAs") == "JSON" and (result.command_status or b"").startswith(b"SELECT"):
            return answer | {"formattedRecords": results.read_json(result, columns, options)}
        answer["records"] = results.read_records(result, columns, options)
        if body.get("includeResultMetadata"):
            answer["columnMetadata"] = column_metadata(lease.connection, result, columns)
        if len(json.dumps(answer).encode()) > results.MAX_RESPONSE_BYTES:
            raise results.too_large()
        return answer


def _required(body: JsonObject, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise validation_error(f"Value at '{name}' failed to satisfy constraint: Member must not be null")
    return value


def _sql(body: JsonObject) -> str:
    sql = _required(body, "sql")
    if len(sql) > MAX_SQL_CHARACTERS:
        limit = f"Member must have length less than or equal to {MAX_SQL_CHARACTERS}"
        raise validation_error(f"Value at 'sql' failed to satisfy constraint: {limit}")
    return sql


def _options(given: JsonObject) -> results.Options:
    options = results.Options(given.get("decimalReturnType") or "STRING", given.get("longReturnType") or "LONG")
    if options.decimal not in ("STRING", "DOUBLE_OR_LONG") or options.long not in ("STRING", "LONG"):
        raise validation_error("resultSetOptions has an unknown return type")
    return options
