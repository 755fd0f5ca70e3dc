"""EventBridge Scheduler: moto keeps its schedules and never fires them.

Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule.html
"""

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from slipway_local.aws_json import ServiceError
from slipway_local.permissions.senders import Role
from slipway_local.schedules.clock import Entry, utc_text
from slipway_local.schedules.expressions import Next, parse
from slipway_local.targets import Targets, service_of


def install() -> None:
    """Refuse what cannot be fired, and keep ActionAfterCompletion through updates, which moto drops."""
    from moto.scheduler.exceptions import ScheduleGroupNotFound, ValidationException
    from moto.scheduler.models import EventBridgeSchedulerBackend as Backend
    from moto.scheduler.responses import EventBridgeSchedulerResponse

    create, update, respond = (
        Backend.create_schedule,
        Backend.update_schedule,
        EventBridgeSchedulerResponse.update_schedule,
    )

    def check(**settings: Any) -> None:
        try:
            _times(
                settings["schedule_expression"], settings["schedule_expression_timezone"] or "UTC", datetime.now(UTC)
            )
            service_of(settings["target"]["Arn"])
        except (ValueError, KeyError) as error:
            raise ValidationException(message=str(error)) from None
        except ServiceError as error:
            raise ValidationException(message=error.message) from None
        window = settings["flexible_time_window"]
        if (window["Mode"] == "FLEXIBLE") != bool(window.get("MaximumWindowInMinutes")):
            raise ValidationException(
                message="MaximumWindowInMinutes must be set if, and only if, FlexibleTimeWindow's Mode is FLEXIBLE."
            )

    def create_schedule(self: Any, **settings: Any) -> Any:
        if (group := settings.get("group_name") or "default") not in self.schedule_groups:
            raise ScheduleGroupNotFound(group)
        check(**settings)
        return create(self, **settings)

    def update_schedule(self: Any, **settings: Any) -> Any:
        check(**settings)
        return update(self, **settings)

    def respond_update(self: Any) -> Any:
        answer = respond(self)
        name = self.uri.split("?")[0].split("/")[-1]
        schedule = self.scheduler_backend.get_schedule(self._get_param("GroupName"), name)
        schedule.action_after_completion = self._get_param("ActionAfterCompletion")
        return answer

    Backend.create_schedule, Backend.update_schedule = create_schedule, update_schedule
    EventBridgeSchedulerResponse.update_schedule = respond_update


def _times(expression: str, zone: str, start: datetime) -> Next:
    try:
        return parse(expression, ZoneInfo(zone), start)
    except (KeyError, OSError):
        raise ValueError(f"Invalid ScheduleExpressionTimezone {zone}.") from None


def entries(targets: Targets) -> Iterator[Entry]:
    """Yield the schedules that are enabled."""
    from moto.scheduler.models import scheduler_backends

    for _, _, backend in list(scheduler_backends.iter_backends()):
        for group in list(backend.schedule_groups.values()):
            for schedule in list(group.schedules.values()):
                if schedule.state == "ENABLED":
                    yield _entry(targets, group, schedule)


def _entry(targets: Targets, group: Any, schedule: Any) -> Entry:
    start, end = _moment(schedule.start_date), _moment(schedule.end_date)
    expression, zone = schedule.schedule_expression, schedule.schedule_expression_timezone
    # Without a start date a rate begins at once.
    counted_from = start or datetime.fromtimestamp(schedule.last_modified_date, UTC)
    window = (schedule.flexible_time_window or {}).get("MaximumWindowInMinutes") or 0

    def times() -> Next:
        following = _times(expression, zone, counted_from)

        def within(after: datetime) -> datetime | None:
            found = following(max(after, start - timedelta(seconds=1)) if start else after)
            return found if found and (end is None or found <= end) else None

        return within

    return Entry(
        key=schedule.arn,
        settings=(expression, zone, schedule.start_date, schedule.end_date, counted_from, window),
        times=times,
        fire=partial(_fire, targets, group, schedule),
        window=timedelta(minutes=int(window)),
    )


def _moment(seconds: Any) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(float(seconds), UTC)


def _fire(targets: Targets, group: Any, schedule: Any, scheduled: datetime) -> None:
    target = schedule.target
    dead_letters = (target.get("DeadLetterConfig") or {}).get("Arn")
    about = {"SCHEDULE_ARN": ("String", schedule.arn)}
    once = schedule.schedule_expression.startswith("at(")
    if once and schedule.action_after_completion == "DELETE":
        group.schedules.pop(schedule.name, None)
    role = Role(arn=target["RoleArn"])
    targets.try_to_send(target["Arn"], _body(schedule, scheduled), role, dead_letters, about, parameters=target)


def _body(schedule: Any, scheduled: datetime) -> str:
    """Return the input with Scheduler's context attributes filled in, or the event that stands for none.

    Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
    """
    execution = str(uuid.uuid4())
    body = schedule.target.get("Input")
    if body is None:
        _, _, _, region, account, _ = schedule.arn.split(":", 5)
        event = {"version": "0", "id": execution, "detail-type": "Scheduled Event", "source": "aws.scheduler"}
        event |= {"account": account, "time": utc_text(scheduled), "region": region}
        return json.dumps({**event, "resources": [schedule.arn], "detail": "{}"})
    context = {
        "schedule-arn": schedule.arn,
        "scheduled-time": utc_text(scheduled),
        "execution-id": execution,
        "attempt-number": "1",
    }
    for name, value in context.items():
        body = body.replace(f"<aws.scheduler.{name}>", value)
    return str(body)
