"""The answers that HTTP APIs give by themselves."""


class HttpApiError(Exception):
    """A request that ends in `{"message": …}` with this status and these headers."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers or {}
