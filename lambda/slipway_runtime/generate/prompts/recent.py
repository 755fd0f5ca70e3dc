"""A small memory of what was read, by age."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Recent(Generic[T]):
    """Keeps up to `size` values, each fresh for `seconds`, and `stale_seconds` longer for when it cannot be read."""

    seconds: float
    stale_seconds: float = 0.0
    size: int = 512
    clock: Callable[[], float] = time.monotonic
    _kept: OrderedDict[Hashable, tuple[float, T]] = field(default_factory=OrderedDict)

    def get(self, key: Hashable, read: Callable[[], T], *, spare: Callable[[Exception], bool]) -> T:
        """Return a fresh value, read if need be; an old one while `spare` accepts the error of reading.

        Raises: the error of `read`.
        """
        now = self.clock()
        known = self._kept.get(key)
        if known and now - known[0] <= self.seconds:
            return known[1]
        try:
            value = read()
        except Exception as error:
            if known and spare(error) and now - known[0] <= self.seconds + self.stale_seconds:
                return known[1]
            raise
        self._kept[key] = (now, value)
        self._kept.move_to_end(key)
        if len(self._kept) > self.size:
            self._kept.popitem(last=False)
        return value
