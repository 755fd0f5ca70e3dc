"""Whom a request is for, as clients name people: the name is a part of entries, sums and keys."""

from typing import Annotated

import msgspec

MAX_USER_CHARACTERS = 512
User = Annotated[str, msgspec.Meta(max_length=MAX_USER_CHARACTERS)]
