"""The RDS Data API as a small SQL connection: named parameters, rows as tuples, transactions, and retries.

Limits that fix the shape of every statement: a request of 4 MiB, a response of 1 MiB with at most 64 KB a row, 45 s a
statement, 3 minutes between two calls of a transaction, no arrays as parameters.
Source: Amazon Aurora user guide, "Limitations for the Amazon RDS Data API"; API reference, BatchExecuteStatement.
"""

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from slipway_runtime.operate.retry import CONNECTION_ERRORS, Backoff, Deadline, error_code, within
from slipway_runtime.retrieve.stores.contract import StoreUnavailable

T = TypeVar("T")
Value = str | int | float | bool | None
Row = tuple[Any, ...]
RESUMING = "DatabaseResumingException"
TRANSIENT = CONNECTION_ERRORS | {
    RESUMING,
    "DatabaseUnavailableException",
    "InternalServerErrorException",
    "ServiceUnavailableError",
    "StatementTimeoutException",
    "ThrottlingException",
    "TimeoutError",
    "TransactionNotFoundException",
}
# A connection that broke (class 08), serialization_failure, deadlock_detected, too_many_connections, the database going
# down or coming up (57P01 to 57P03), and a writer that has become a reader (25006).
# https://www.postgresql.org/docs/current/errcodes-appendix.html
TRANSIENT_STATES = re.compile(r"SQLState: (08\w{3}|40001|40P01|53300|57P0[123]|25006)", re.IGNORECASE)


def is_transient(error: Exception) -> bool:
    """Return whether the same call may succeed later."""
    return error_code(error) in TRANSIENT or bool(TRANSIENT_STATES.search(str(error)))


@dataclass(frozen=True, kw_only=True)
class DataApi:
    """One database behind the Data API."""

    client: Any
    cluster_arn: str
    secret_arn: str
    database: str
    backoff: Backoff = field(default_factory=lambda: Backoff(base_seconds=0.5))

    def execute(
        self, sql: str, parameters: dict[str, Value] | None = None, *, transaction: str | None = None
    ) -> list[Row]:
        """Run one statement and return its rows."""
        request: dict[str, Any] = {"sql": sql, "database": self.database, **self._target}
        if parameters:
            request["parameters"] = [{"name": name, "value": _encode(value)} for name, value in parameters.items()]
        if transaction is not None:
            request["transactionId"] = transaction
        response = self.client.execute_statement(**request)
        return [tuple(_decode(cell) for cell in row) for row in response.get("records", [])]

    @contextlib.contextmanager
    def transaction(self) -> Iterator[str]:
        """Give a transaction's id; commit at the end, roll back on any error."""
        identifier: str = self.client.begin_transaction(database=self.database, **self._target)["transactionId"]
        try:
            yield identifier
        except BaseException:
            # The first error is what matters; the service rolls an abandoned transaction back by itself.
            with contextlib.suppress(Exception):
                self.client.rollback_transaction(transactionId=identifier, **self._target)
            raise
        self.client.commit_transaction(transactionId=identifier, **self._target)

    def retry(self, operation: Callable[[], T], deadline: Deadline) -> T:
        """Return the result of an idempotent operation, repeated as a whole while the database is away or in conflict.

        Raises: StoreUnavailable if it still is at the deadline; any other error at once.
        """
        try:
            return self.backoff.call(
                lambda: within(operation, deadline, least_seconds=1.0), retry_on=is_transient, deadline=deadline
            )
        except Exception as error:
            if is_transient(error):
                raise StoreUnavailable(f"the database did not answer in time: {error_code(error)}") from error
            raise

    @property
    def _target(self) -> dict[str, str]:
        return {"resourceArn": self.cluster_arn, "secretArn": self.secret_arn}


def _encode(value: Value) -> dict[str, Any]:
    if value is None:
        return {"isNull": True}
    if isinstance(value, bool):
        return {"booleanValue": value}
    if isinstance(value, int):
        return {"longValue": value}
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"stringValue": value}


def _decode(cell: dict[str, Any]) -> Any:
    return None if cell.get("isNull") else next(iter(cell.values()))
