"""Checks the input of a run over the corpus, takes its id and lists what a map goes over, before anything is read."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from slipway_runtime import settings
from slipway_runtime.corpus.begin import InvalidRun, begin
from slipway_runtime.corpus.run import Run
from slipway_runtime.corpus.storage import Bucket
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.observability import logger, observed
from slipway_runtime.prepare.keys import CONTROL

MAX_PREFIX_CHARACTERS = 1024  # S3 has no longer keys


class Given(Run, frozen=True, kw_only=True):
    """What an execution was started with."""

    via: str
    prefix: Annotated[str, Meta(max_length=MAX_PREFIX_CHARACTERS)] = ""
    acknowledged: str = ""


class Request(msgspec.Struct):
    """An execution by its ARN, and its input."""

    execution: str
    run: dict[str, Any]


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Return why the run may not begin, "" if it may, and how many objects a map goes over; Spark lists them itself.

    The state machine fails with what is refused, and nobody tries again.
    """
    request = msgspec.convert(event, Request)
    curated = Bucket(client=client("s3"), name=settings.required("CURATED_BUCKET"))
    try:
        given = _checked(request.run)
        begin(curated, given, request.execution)
    except InvalidRun as refused:
        return {"refused": str(refused), "listed": 0}
    listed = 0
    if given.via == "map":
        raw = Bucket(client=client("s3"), name=settings.required("RAW_BUCKET"))
        listed = len(given.take(raw, curated, given.prefix))
    logger.info("corpus begun", extra={"run_id": given.run_id, "via": given.via, "listed": listed})
    return {"refused": "", "listed": listed}


def _checked(run: dict[str, Any]) -> Given:
    try:
        given = msgspec.convert(run, Given)
    except msgspec.ValidationError as error:
        raise InvalidRun(f"the run cannot start: {error}; see docs/corpus.md") from error
    if CONTROL.search(given.prefix):
        raise InvalidRun("prefix: it holds control characters; give the beginning of keys, like acme/mail/")
    return given
