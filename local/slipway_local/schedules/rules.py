"""EventBridge rules with a schedule.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html (in UTC; the periods of a
rate are counted from the rule's creation)
"""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

from slipway_local import events
from slipway_local.schedules.clock import Entry
from slipway_local.schedules.expressions import Next, parse
from slipway_local.targets import Targets


def install() -> None:
    """Refuse malformed expressions, which moto looks at only from afar."""
    from moto.events.exceptions import ValidationException
    from moto.events.models import EventsBackend

    put = EventsBackend.put_rule

    def put_rule(self: Any, name: str, **named: Any) -> Any:
        try:
            if named.get("scheduled_expression"):
                _times(named["scheduled_expression"], datetime.now(UTC))
        except ValueError:
            raise ValidationException("Parameter ScheduleExpression is not valid.") from None
        return put(self, name, **named)

    EventsBackend.put_rule = put_rule


def _times(expression: str, created: datetime) -> Next:
    if expression.startswith("at("):
        raise ValueError(expression)
    times = parse(expression, UTC, created)
    return (lambda after: times(max(after, created))) if expression.startswith("rate(") else times


def entries(targets: Targets) -> Iterator[Entry]:
    """Yield the rules that have a schedule and are enabled."""
    from moto.events.models import events_backends

    for _, _, backend in list(events_backends.iter_backends()):
        for rule in [rule for bus in list(backend.event_buses.values()) for rule in list(bus.rules.values())]:
            if rule.scheduled_expression and rule.state == "ENABLED":
                yield Entry(
                    key=rule.arn,
                    settings=rule.scheduled_expression,
                    times=partial(_times, rule.scheduled_expression, datetime.now(UTC)),
                    fire=partial(_fire, targets, rule),
                )


def _fire(targets: Targets, rule: Any, scheduled: datetime) -> None:
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": rule.account_id,
        "time": scheduled.timestamp(),
        "region": rule.region_name,
        "resources": [rule.arn],
        "detail": {},
    }
    events.send(targets, rule, event)
