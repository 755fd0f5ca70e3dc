"""PostgreSQL's errors in the Data API's words."""

from __future__ import annotations

import re

from psycopg.pq import DiagnosticField
from psycopg.pq.abc import PGresult

from ..aws_json import ServiceError

_CANCELLED = "57014"
_CONNECTION_GONE = {"57P01", "57P02", "57P03", "08006", "08003"}


def from_result(result: PGresult, backend_pid: int) -> ServiceError:
    """Return the error for a failed statement: `ERROR: …; Hint: …; Position: 8; SQLState: 42P01`.

    A statement that its time limit ended is a StatementTimeoutException.
    """
    read = {field: (result.error_field(field) or b"").decode("utf-8", "replace") for field in _FIELDS}
    state = read[DiagnosticField.SQLSTATE]
    if state == _CANCELLED and "timeout" in read[DiagnosticField.MESSAGE_PRIMARY]:
        return statement_timeout(backend_pid)
    if not state or state in _CONNECTION_GONE:
        return unavailable()
    parts = [f"{read[DiagnosticField.SEVERITY]}: {read[DiagnosticField.MESSAGE_PRIMARY]}"]
    parts += [f"{label}: {read[field]}" for field, label in _FIELDS.items() if label and read[field]]
    return ServiceError("DatabaseErrorException", "; ".join(parts))


def from_connection_failure(message: str) -> ServiceError:
    """Return the error for credentials or a database that the server refuses; libpq gives only its text."""
    text = re.sub(r"(?s).*?\b(FATAL: .*)", r"\1", message).strip().splitlines()[0]
    text = re.sub(r"FATAL:\s+", "FATAL: ", text)
    states = {"password authentication": "28P01", "does not exist": "3D000", "permission denied": "42501"}
    state = next((code for words, code in states.items() if words in text), None)
    if state is None:
        return unavailable()
    return ServiceError("DatabaseErrorException", f"{text}; SQLState: {state}")


def statement_timeout(backend_pid: int) -> ServiceError:
    """Return the error for a statement that took longer than the call may."""
    return ServiceError("StatementTimeoutException", "Request timed out", dbConnectionId=backend_pid)


def unavailable() -> ServiceError:
    """Return the error for a server that went away."""
    return ServiceError("DatabaseUnavailableException", "The writer instance in the DB cluster isn't available.", 504)


def transaction_not_found(transaction_id: str, cause: str) -> ServiceError:
    """Return the error for an id that is not, or no longer, a transaction."""
    return ServiceError("TransactionNotFoundException", f"Transaction {transaction_id} isn't found. {cause}", 404)


# Field -> its label in the message; the order is the message's. The first two are written without one.
_FIELDS: dict[DiagnosticField, str | None] = {
    DiagnosticField.SEVERITY: None,
    DiagnosticField.MESSAGE_PRIMARY: None,
    DiagnosticField.MESSAGE_DETAIL: "Detail",
    DiagnosticField.MESSAGE_HINT: "Hint",
    DiagnosticField.STATEMENT_POSITION: "Position",
    DiagnosticField.SQLSTATE: "SQLState",
}
