"""Watches what is rejected, source by source.

Creates: for each source an alarm for the share of rejects, and one for their number.   Grants: none.
Units: shares from 0 to 1; a record of a streamed object counts as its share of the object.
"""

from collections.abc import Sequence

from constructs import Construct

from slipway_constructs.monitoring import Metric, Monitor

# Of a source that sends a document an hour one reject is all there is; three periods in a row are a trend.
MAX_SHARE, SHARE_PERIODS = 0.2, 3
MAX_NUMBER = 50


class RejectsMonitor(Monitor):
    """Alarms when a source has over a fifth rejected for 15 minutes, or over 50 documents' worth within 5."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        topic_arn: str,
        service: str,
        environment: str,
        sources: Sequence[str],
    ) -> None:
        super().__init__(scope, construct_id, topic_arn=topic_arn)
        remedy = f"Run `slipway documents --status rejected --env {environment} --aws` for the reasons."
        for at, source in enumerate(sources):
            dimensions = {"environment": environment, "service": service, "source": source}
            share, number = (Metric("Slipway", "RejectedShare", dimensions, each) for each in ("Average", "Sum"))
            self.alarm(
                f"Share{at}",
                share,
                above=MAX_SHARE,
                periods=SHARE_PERIODS,
                description=f"{source}: over {MAX_SHARE:.0%} of what comes is rejected. {remedy}",
                runbook="rejects",
            )
            self.alarm(
                f"Number{at}",
                number,
                above=MAX_NUMBER,
                description=f"{source}: over {MAX_NUMBER} documents were rejected in 5 minutes. {remedy}",
                runbook="rejects",
            )
            self.graph(f"{source}: rejected, documents", number)
