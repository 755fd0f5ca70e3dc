"""A secret's text, read when first needed and again after five minutes, so that a rotated one is found."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

FRESH_SECONDS = 300.0


@dataclass(kw_only=True)
class Secret:
    """The secret `arn`, which is the text itself; `client` is boto3's `secretsmanager`."""

    client: Any
    arn: str
    now: Callable[[], float] = time.monotonic
    _text: str = field(default="", init=False, repr=False)
    _read_at: float = field(default=0.0, init=False)

    def get(self) -> str:
        """Return the text. Raises: the error of Secrets Manager."""
        if not self._text or self.now() - self._read_at > FRESH_SECONDS:
            self._text = str(self.client.get_secret_value(SecretId=self.arn)["SecretString"]).strip()
            self._read_at = self.now()
        return self._text
