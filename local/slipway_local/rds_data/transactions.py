"""Transactions by id, which end by themselves when nobody uses them.

Source: https://docs.aws.amazon.com/rdsdataservice/latest/APIReference/API_BeginTransaction.html
(3 minutes without a call, 24 hours in all).
"""

from __future__ import annotations

import base64
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

from ..aws_json import ServiceError
from ..postgres_pool import Lease, is_alive
from .errors import transaction_not_found
from .execute import Session

_EXPIRED = "Transaction may be expired."
_ENDED = "The transaction was ended by a previous call, or was never begun."


@dataclass(kw_only=True)
class Transaction:
    """An open transaction: its connection, its cluster, and whether a call is using it."""

    lease: Lease
    resource_arn: str
    began: float
    in_use: threading.Lock = field(default_factory=threading.Lock)


class Transactions:
    """The open transactions.

    The server itself rolls an idle one back (`idle_in_transaction_session_timeout`), so its locks are freed even
    when no call ever comes again.
    Units: `idle_seconds`, `lifetime_seconds`.
    """

    def __init__(self, *, idle_seconds: float = 180, lifetime_seconds: float = 24 * 3600) -> None:
        self._idle_seconds = idle_seconds
        self._lifetime_seconds = lifetime_seconds
        self._open: dict[str, Transaction] = {}
        self._lock = threading.Lock()

    def begin(self, lease: Lease, resource_arn: str) -> str:
        """Begin a transaction on `lease`, which it keeps, and return its id."""
        try:
            lease.connection.execute(f"SET idle_in_transaction_session_timeout = {int(self._idle_seconds * 1000)}")
            lease.connection.execute("BEGIN")
        except psycopg.Error:
            lease.discard()
            raise
        transaction_id = base64.b64encode(secrets.token_bytes(120)).decode()
        transaction = Transaction(lease=lease, resource_arn=resource_arn, began=time.monotonic())
        with self._lock:
            self._open[transaction_id] = transaction
        return transaction_id

    @contextmanager
    def use(self, transaction_id: str, resource_arn: str) -> Iterator[Session]:
        """Hold the transaction for one call.

        Raises: ServiceError if there is none, if it expired, or if another call is using it.
        """
        transaction = self._open.get(transaction_id)
        if transaction is None or transaction.resource_arn != resource_arn:
            raise transaction_not_found(transaction_id, _ENDED)
        if not transaction.in_use.acquire(blocking=False):
            raise ServiceError("DatabaseErrorException", "Transaction is still running a query")
        session = Session(lease=transaction.lease, finish=transaction.in_use.release)
        try:
            too_old = time.monotonic() - transaction.began > self._lifetime_seconds
            if too_old or not is_alive(transaction.lease.connection):
                self.forget(transaction_id)
                raise transaction_not_found(transaction_id, _EXPIRED)
            yield session
        finally:
            if not session.carries_on:
                session.finish()

    def forget(self, transaction_id: str, *, keep_connection: bool = False) -> None:
        """Take the transaction out of the list and close its connection, or give it back to the pool."""
        with self._lock:
            transaction = self._open.pop(transaction_id, None)
        if transaction is not None:
            (transaction.lease.release if keep_connection else transaction.lease.discard)()

    def end_all(self, resource_arn: str) -> None:
        """Roll back every transaction of a cluster."""
        for transaction_id in [key for key, open_ in self._open.items() if open_.resource_arn == resource_arn]:
            self.forget(transaction_id)
