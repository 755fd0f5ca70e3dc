"""What people are told of a run: cause and remedy of a failure, and what came of it."""

import contextlib
import json
import re
from typing import Any

SUBJECT_CHARACTERS = 100
# What SageMaker and Step Functions say, and what helps.
REMEDIES = (
    (
        r"ResourceLimitExceeded",
        "Ask for a higher quota of this instance type for training (Service Quotas), or name another one.",
    ),
    (
        r"CapacityError|InsufficientCapacity",
        "There is no capacity now: resume later, or name another instance type or region.",
    ),
    (
        r"MaxWaitTimeExceeded|MaxRuntimeExceeded|\"Stopped\"",
        "Resume it: it goes on from its checkpoints; raise training.max_hours.",
    ),
    (
        r"RepositoryNotFound|ImageNotFound|pull.*image|image.*pull",
        "The image is gone or may not be pulled: set training.image.",
    ),
    (r"AccessDenied", "The role lacks a permission; the message names it."),
    (r"could not be installed", "Run `make torch`."),
)
RESUME = "`slipway fine-tune --resume {run}` goes on from the step that failed."


def failure(run_id: str, error: str, cause: str) -> str:
    """Return cause and remedy of a run that failed."""
    said = cause
    with contextlib.suppress(ValueError, TypeError, AttributeError):
        found = json.loads(cause)
        said = found.get("FailureReason") or found.get("errorMessage") or cause
    remedy = next((remedy for pattern, remedy in REMEDIES if re.search(pattern, f"{error} {cause}")), "")
    return " ".join(part for part in (f"{error}: {said}", remedy, RESUME.format(run=run_id)) if part)


def send(client: Any, topic: str, subject: str, text: str) -> None:
    """Tell the environment's topic."""
    client.publish(TopicArn=topic, Subject=subject[:SUBJECT_CHARACTERS], Message=text)
