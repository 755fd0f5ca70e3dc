"""Puts the meter of an environment together, as `parts` does with all others."""

from __future__ import annotations

import functools

import msgspec

from slipway_runtime import settings
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.feedback.store import Feedbacks
from slipway_runtime.operate.meter.meter import Meter, Rules
from slipway_runtime.operate.rows import Table


@functools.cache
def meter() -> Meter | None:
    """Return the meter, None where the settings leave it out."""
    name = settings.optional("METERS_TABLE")
    if not name:
        return None
    rules = msgspec.json.decode(settings.required("METERING"), type=Rules)
    return Meter(table=Table(client=client("dynamodb", own_retries=True), name=name), rules=rules)


def feedbacks(tenant: str) -> Feedbacks | None:
    """Return a tenant's feedback and what it is about, None where the environment has no meters."""
    name = settings.optional("METERS_TABLE")
    return Feedbacks(table=Table(client=client("dynamodb"), name=name), tenant=tenant) if name else None
