"""The field `filters` of requests, in the words of OpenAI's vector-store search."""

from typing import Any

from slipway_runtime.generate.errors import invalid
from slipway_runtime.retrieve.filters import Filter, InvalidFilter, parse


def request_filter(given: Any, name: str = "filters") -> Filter | None:
    """Return the filter of the field `name`, None where there is none. Raises: ApiError 400 naming the place in it."""
    if given is None:
        return None
    try:
        return parse(given, name)
    except InvalidFilter as error:
        raise invalid(f"{error}.", error.where) from error
