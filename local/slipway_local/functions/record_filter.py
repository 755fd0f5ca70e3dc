"""Which records a mapping hands to its function: FilterCriteria.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
"""

import json
from typing import Any


def matches(criteria: dict[str, Any] | None, record: dict[str, Any]) -> bool:
    """Return whether one of the filters matches; without filters every record does.

    A message's body counts as JSON where it is JSON.
    """
    from moto.events.models import EventPattern

    filters = (criteria or {}).get("Filters") or []
    shown = {**record, "body": _parsed(record["body"])} if "body" in record else record
    return not filters or any(EventPattern.load(one.get("Pattern") or "{}").matches_event(shown) for one in filters)


def _parsed(body: str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body
