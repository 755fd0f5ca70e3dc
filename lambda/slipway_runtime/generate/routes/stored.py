"""The routing table where it is kept: an SSM parameter, read when first needed and again after a minute."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from slipway_runtime.generate.routes.table import Alias, Table, read
from slipway_runtime.operate.observability import logger
from slipway_runtime.operate.retry import error_code

FRESH_SECONDS = 60.0
# Asked for an alias that is not there, it reads again, and not more often than this.
NEW_SECONDS = 5.0


@dataclass(kw_only=True)
class StoredTable:
    """The parameter `name`; `ssm` is boto3's client. A table that cannot be read again is kept."""

    ssm: Any
    name: str
    now: Callable[[], float] = time.monotonic
    _table: Table | None = field(default=None, init=False)
    _text: str = field(default="", init=False)
    _read_at: float = field(default=0.0, init=False)

    def alias(self, name: str) -> Alias:
        """Return an alias; one that is not known may be new. Raises: ApiError 404, and what `get` raises."""
        table = self.get()
        return (table if name in table.aliases else self.get(NEW_SECONDS)).alias(name)

    def get(self, fresh_seconds: float = FRESH_SECONDS) -> Table:
        """Return the table. Raises: InvalidTable, or the error of SSM, where none was read before."""
        if self._table is None or self.now() - self._read_at > fresh_seconds:
            self._read_at = self.now()
            try:
                text = self.ssm.get_parameter(Name=self.name)["Parameter"]["Value"]
                if self._table is None or text != self._text:
                    self._table, self._text = read(text), text
            except Exception as error:
                if self._table is None:
                    raise
                extra = {"error_type": type(error).__name__, "reason": error_code(error)}
                logger.error("the routing table could not be read again", extra=extra)
        return self._table
