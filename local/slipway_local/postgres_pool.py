"""Connections kept open between requests, by server, database and credentials."""

from __future__ import annotations

import select
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import psycopg
from psycopg.pq import TransactionStatus

_OPEN_AT_MOST = 150  # below the server's max_connections, so that a person can still log in
_WAIT_SECONDS = 45.0
Key = tuple[str, ...]


@dataclass(kw_only=True)
class Lease:
    """A connection that belongs to one caller until it is released or discarded, once."""

    connection: psycopg.Connection
    key: Key
    pool: ConnectionPool = field(repr=False)
    _open: bool = True

    def release(self) -> None:
        """Give the connection back, without any state that the caller left in its session."""
        if not self._end():
            return
        try:
            if self.connection.info.transaction_status != TransactionStatus.IDLE:
                self.connection.execute("ROLLBACK")
            self.connection.execute("DISCARD ALL")
        except psycopg.Error:
            self.pool.drop(self.connection)
        else:
            self.pool.keep(self.key, self.connection)

    def discard(self) -> None:
        """Close the connection; whatever ran in it is rolled back by the server."""
        if self._end():
            self.pool.drop(self.connection)

    def _end(self) -> bool:
        was_open, self._open = self._open, False
        return was_open


class ConnectionPool:
    """Idle connections by key. A connection that died while idle is never handed out."""

    def __init__(self) -> None:
        self._idle: dict[Key, list[psycopg.Connection]] = defaultdict(list)
        self._lock = threading.Lock()
        self._room = threading.BoundedSemaphore(_OPEN_AT_MOST)

    def lease(self, key: Key, connect: Callable[[], psycopg.Connection]) -> Lease:
        """Return a live idle connection of `key`, or what `connect` makes.

        Raises: psycopg.OperationalError when every connection stayed in use for 45 s, and whatever `connect` raises.
        """
        while idle := self._pop(key):
            if is_alive(idle):
                return Lease(connection=idle, key=key, pool=self)
            self.drop(idle)
        if not self._room.acquire(timeout=_WAIT_SECONDS):
            raise psycopg.OperationalError("too many connections are in use")
        try:
            return Lease(connection=connect(), key=key, pool=self)
        except BaseException:
            self._room.release()
            raise

    def keep(self, key: Key, connection: psycopg.Connection) -> None:
        """Take a clean connection back."""
        with self._lock:
            self._idle[key].append(connection)

    def drop(self, connection: psycopg.Connection) -> None:
        """Close a connection and count it out."""
        connection.close()
        self._room.release()

    def close(self, prefix: Key = ()) -> None:
        """Close the idle connections whose key begins with `prefix`."""
        with self._lock:
            keys = [key for key in self._idle if key[: len(prefix)] == prefix]
            idle = [connection for key in keys for connection in self._idle.pop(key)]
        for connection in idle:
            self.drop(connection)

    def _pop(self, key: Key) -> psycopg.Connection | None:
        with self._lock:
            idle = self._idle.get(key)
            return idle.pop() if idle else None


def is_alive(connection: psycopg.Connection) -> bool:
    """Return False if the server has hung up: an idle session says nothing, so a readable socket means the end."""
    if connection.closed:
        return False
    readable, _, _ = select.select([connection.fileno()], [], [], 0)
    return not readable
