"""Errors of the data plane, in OpenSearch's shape.

Source: https://docs.opensearch.org/latest/api-reference/common-parameters/ (error responses)
"""

from typing import Any


class OpenSearchError(Exception):
    """An error answer. `kind` is OpenSearch's type of it."""

    def __init__(self, status: int, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.kind = kind
        self.reason = reason

    def body(self) -> dict[str, Any]:
        """Return the answer."""
        cause = {"type": self.kind, "reason": self.reason}
        return {"error": {"root_cause": [cause], **cause}, "status": self.status}


def illegal(reason: str) -> OpenSearchError:
    """Return the error of a request that makes no sense."""
    return OpenSearchError(400, "illegal_argument_exception", reason)


def unparsed(reason: str) -> OpenSearchError:
    """Return the error of a request with something unknown in it."""
    return OpenSearchError(400, "parsing_exception", reason)


def forbidden(reason: str) -> OpenSearchError:
    """Return the error of a request that the service lets nobody make."""
    return OpenSearchError(403, "Forbidden", reason)


def closed(given: Any, where: str, known: set[str], required: set[str] = frozenset()) -> dict[str, Any]:  # type: ignore[assignment]
    """Return an object that has no unknown field and every required one. Raises: OpenSearchError naming the field."""
    if not isinstance(given, dict):
        raise unparsed(f"[{where}] is {type(given).__name__}, expected an object")
    if unknown := sorted(set(given) - known):
        raise unparsed(f"[{where}] unknown field [{unknown[0]}]; the local cloud knows {', '.join(sorted(known))}")
    if lacking := sorted(required - set(given)):
        raise unparsed(f"[{where}] requires [{lacking[0]}]")
    return given
