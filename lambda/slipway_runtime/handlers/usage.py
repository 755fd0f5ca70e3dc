"""/v1/usage and /v1/feedback: what a tenant has used, and what its users say of answers."""

import datetime
from collections import Counter
from typing import Any

import msgspec

from slipway_runtime import settings
from slipway_runtime.generate.errors import ApiError, invalid
from slipway_runtime.handlers.events import ApiRequest
from slipway_runtime.handlers.http import decode_body, respond
from slipway_runtime.handlers.prompt_requests import page
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.feedback.given import Given, Kept
from slipway_runtime.operate.feedback.store import Feedbacks
from slipway_runtime.operate.meter.entry import DIMENSIONS, MEASURED
from slipway_runtime.operate.meter.ledger import grouped
from slipway_runtime.operate.meter.meter import Meter
from slipway_runtime.operate.observability import count, logger, observed
from slipway_runtime.parts_of_meters import meter

MAX_DAYS = 100
# A function's answer has 6 MB at most.
MAX_SUMS_BYTES = 5_000_000
Sums = dict[tuple[str, ...], Counter[str]]


@observed
def handler(event: dict[str, Any], _context: Any) -> Any:
    """Answer one request."""
    return respond(event, _route)


def _route(request: ApiRequest) -> Any:
    found = meter()
    if found is None:
        raise ApiError(404, "This environment has no meters.", code="not_found")
    tenant = request.request_context.authorizer.tenant
    feedbacks = Feedbacks(table=found.table, tenant=tenant)
    match request.http_method, request.path.rstrip("/"):
        case "GET", "/v1/usage":
            return _usage(found, tenant, request.query_string_parameters or {})
        case "GET", "/v1/feedback":
            return page(
                request,
                lambda after, limit: feedbacks.all(after=after, limit=limit),
                lambda each: _with_content(feedbacks, each[1]),
                lambda each: each[0],
            )
        case "POST", "/v1/feedback":
            kept = feedbacks.give(_given(request))
            return kept.shown | {"experiment_counted": _count(tenant, kept)}
    raise ApiError(404, "There is no such path.", code="not_found")


def _given(request: ApiRequest) -> Given:
    given = decode_body(request, Given)
    user = request.request_context.authorizer.acting_for(given.user)
    return msgspec.structs.replace(given, user=user)


def _with_content(feedbacks: Feedbacks, kept: Kept) -> dict[str, Any]:
    content = feedbacks.content(kept.entry)
    return kept.shown | ({"content": msgspec.to_builtins(content)} if content else {})


def _count(tenant: str, kept: Kept) -> dict[str, str]:
    """Tell the experiment that the request was part of; an experiment that is over takes nothing away from feedback."""
    entry, given = kept.entry, kept.given
    values = {"thumbs": None if given.thumbs is None else float(given.thumbs == "up"), "rating": given.rating}
    if not entry.experiment or not settings.optional("PROMPTS_TABLE"):
        return {}
    from slipway_runtime.generate.prompts.experiments import Experiments  # noqa: PLC0415 - of few requests
    from slipway_runtime.generate.prompts.labels import Labels  # noqa: PLC0415
    from slipway_runtime.generate.prompts.versions import Versions  # noqa: PLC0415
    from slipway_runtime.operate.rows import Table  # noqa: PLC0415

    table = Table(client=client("dynamodb"), name=settings.required("PROMPTS_TABLE"))
    experiments = Experiments(labels=Labels(versions=Versions(table=table, tenant=tenant)))
    found: dict[str, str] = {}
    for metric, value in values.items():
        if value is None:
            continue
        event = f"{entry.id}#{given.user}#{metric}"
        try:
            found[metric] = experiments.record(
                entry.experiment, arm=entry.arm, unit=entry.unit, metric=metric, value=value, event_id=event
            )
        except ApiError as error:
            count("FeedbackNotCounted")
            logger.info("feedback not counted", extra={"experiment": entry.experiment, "code": error.code})
            found[metric] = error.code
    return found


def _usage(found: Meter, tenant: str, query: dict[str, str]) -> dict[str, Any]:
    today = datetime.datetime.now(datetime.UTC).date()
    first, last = _day(query, "from", today.replace(day=1)), _day(query, "to", today)
    if not 0 <= (last - first).days < MAX_DAYS:
        raise invalid(f"'from' is not after 'to', and at most {MAX_DAYS} days are summed.", "from")
    by = [name for name in query.get("by", "").split(",") if name]
    if unknown := [name for name in by if name not in (*DIMENSIONS, "day")]:
        raise invalid(f"'{unknown[0][:50]}' is none of {', '.join((*DIMENSIONS, 'day'))}.", "by")
    sums: Sums = {}
    for number in range((last - first).days + 1):
        day = (first + datetime.timedelta(days=number)).isoformat()
        places = [name for name in by if name != "day"]
        for key, counted in grouped(found.ledger.sums(tenant, day), places).items():
            held = dict(zip(places, key, strict=True)) | {"day": day}
            sums.setdefault(tuple(held[name] for name in by), Counter()).update(counted)
    total: Counter[str] = Counter()
    for counted in sums.values():
        total.update(counted)
    data = [dict(zip(by, key, strict=True)) | _shown(counted) for key, counted in sorted(sums.items())]
    if len(msgspec.json.encode(data)) > MAX_SUMS_BYTES:
        raise invalid(f"These are {len(data)} sums, too many for one answer: ask for fewer days, or by less.", "by")
    period = {"from": first.isoformat(), "to": last.isoformat()}
    limits = msgspec.to_builtins(found.limits(tenant))
    return {"object": "usage", **period, "data": data, "total": _shown(total), "limits": limits}


def _shown(counted: Counter[str]) -> dict[str, Any]:
    shown: dict[str, Any] = {name: counted[name] for name in MEASURED}
    return shown | {"cost_dollars": counted["cost_nanodollars"] / 1e9}


def _day(query: dict[str, str], name: str, default: datetime.date) -> datetime.date:
    text = query.get(name, "")
    try:
        return datetime.date.fromisoformat(text) if text else default
    except ValueError as error:
        raise invalid(f"'{name}' must be a day like 2026-11-21.", name) from error
