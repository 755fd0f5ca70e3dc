"""One index: documents, what searches see of them after the next refresh, and the figures that BM25 needs.

Source: https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-overview.html (refresh)
"""

import secrets
import threading
import time
from collections import Counter, deque
from typing import Any

import numpy as np

from slipway_local.opensearch.analysis import english
from slipway_local.opensearch.mapping import Properties, check_document


class Document:
    """A document with what its fields are searched by."""

    def __init__(self, id: str, source: dict[str, Any], properties: Properties) -> None:
        self.id = id
        self.source = source
        self.terms: Counter[str] = Counter()
        self.vector: Any = None
        for name, value in source.items():
            mapped = properties[name]
            if mapped["type"] == "knn_vector":
                self.vector = np.asarray(value, dtype=np.float32)
            elif mapped["type"] == "text":
                self.terms.update(english(" ".join(value if isinstance(value, list) else [value])))

    def values(self, field: str) -> list[Any]:
        """Return the values of a field, none if it has none."""
        held = self.source.get(field)
        return held if isinstance(held, list) else [] if held is None else [held]


class Index:
    """An index of one collection. Writes are seen by searches `refresh_seconds()` later, in their order."""

    def __init__(self, body: dict[str, Any], refresh_seconds: Any) -> None:
        self.body = body
        self.properties: Properties = body["mappings"]["properties"]
        self._refresh_seconds = refresh_seconds
        self._held: dict[str, dict[str, Any]] = {}
        self._late: deque[tuple[float, str, dict[str, Any] | None]] = deque()
        self._seen: dict[str, Document] = {}
        self._frequency: Counter[str] = Counter()
        self._lock = threading.RLock()

    def add(self, source: dict[str, Any]) -> str:
        """Take a document in and return its id, which nobody but the service chooses. Raises: OpenSearchError."""
        check_document(self.properties, source)
        # The service's ids hold escaped colons, as here.
        id = f"1%3A0%3A{secrets.token_urlsafe(15)}"
        with self._lock:
            self._held[id] = source
            self._late.append((time.monotonic() + self._refresh_seconds(), id, source))
        return id

    def remove(self, id: str) -> bool:
        """Delete a document; False if there is none."""
        with self._lock:
            if self._held.pop(id, None) is None:
                return False
            self._late.append((time.monotonic() + self._refresh_seconds(), id, None))
            return True

    def seen(self) -> dict[str, Document]:
        """Return the documents that searches see, by id; a copy."""
        with self._lock:
            while self._late and self._late[0][0] <= time.monotonic():
                _, id, source = self._late.popleft()
                self._see(id, source)
            return dict(self._seen)

    def _see(self, id: str, source: dict[str, Any] | None) -> None:
        if gone := self._seen.pop(id, None):
            self._frequency.subtract(gone.terms.keys())
        if source is not None:
            made = self._seen[id] = Document(id, source, self.properties)
            self._frequency.update(made.terms.keys())

    def settled(self) -> bool:
        """Return whether searches see every write."""
        self.seen()
        return not self._late

    def frequency(self, term: str) -> int:
        """Return how many of the documents that searches see have a term."""
        return self._frequency[term]

    def state(self) -> dict[str, Any]:
        """Return what to keep."""
        with self._lock:
            return {"body": self.body, "documents": dict(self._held)}

    def restore(self, documents: dict[str, dict[str, Any]]) -> None:
        """Take documents back, seen at once."""
        with self._lock:
            self._held = dict(documents)
            for id, source in documents.items():
                self._see(id, source)
