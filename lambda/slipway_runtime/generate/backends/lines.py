"""Bytes as they come, as lines."""

from collections.abc import Iterable, Iterator

from slipway_runtime.generate.backends.protocol import malformed

MAX_LINE_BYTES = 4 * 1024 * 1024


def lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield whole lines, and last what follows the last end of one. Raises: BackendError for one that is too long."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.rstrip(b"\r")
        if len(rest) > MAX_LINE_BYTES:
            raise malformed("a line of it does not end")
    if rest:
        yield rest
