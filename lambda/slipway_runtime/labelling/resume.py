"""Telling Step Functions that a job's items are all done, so that its execution goes on: once, whoever is last.

Step Functions takes one report on a token and refuses any other, so a report that was lost on the way is simply made
again by the next one who looks at the job.
Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html
"""

import contextlib
from typing import Any

from slipway_runtime.labelling.job import Job, jobs_of
from slipway_runtime.labelling.table import Conflict, Table, update
from slipway_runtime.operate.observability import count
from slipway_runtime.operate.retry import error_code

# The execution has gone on already, by an earlier report or its deadline.
SETTLED = frozenset(("TaskDoesNotExist", "TaskTimedOut"))


def resume(table: Table, states: Any, job: Job) -> bool:
    """Let the execution of a job whose items are all done go on; return whether this call did."""
    if job.status != "open" or job.remaining > 0 or job.resumed or not job.token:
        return False
    try:
        states.send_task_success(taskToken=job.token, output='{"ended":"all items are done"}')
        resumed = True
    except states.exceptions.ClientError as error:
        if error_code(error) not in SETTLED:
            raise
        resumed = False
    with contextlib.suppress(Conflict):
        # Another token, by a retry of the state that waits, must be reported on as well.
        expression = "SET resumed = :one"
        table.write(
            [update(jobs_of(job.request.tenant), job.id, expression, "#token = :token", one=1, token=job.token)]
        )
    if resumed:
        count("LabellingJobsCompleted")
    return resumed
