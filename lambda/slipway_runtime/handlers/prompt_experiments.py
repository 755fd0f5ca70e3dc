"""Judges experiments whose counters have changed, as the stream of the prompts table tells."""

from typing import Any

from slipway_runtime import settings
from slipway_runtime.generate.prompts.experiments import Experiments
from slipway_runtime.generate.prompts.labels import Labels
from slipway_runtime.generate.prompts.versions import Versions
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.observability import count, logger, observed
from slipway_runtime.operate.rows import Table


@observed
def handler(event: dict[str, Any], _context: Any) -> None:
    """Judge each experiment of a batch once. Raises: what keeps one from being judged; the batch comes again."""
    table = Table(client=client("dynamodb"), name=settings.required("PROMPTS_TABLE"))
    changed = {record["dynamodb"]["Keys"]["subject"]["S"] for record in event["Records"]}
    for tenant, _, identifier in sorted(subject.split("#", 2) for subject in changed):
        before = len((experiments := _experiments(table, tenant)).get(identifier).decisions)
        found = experiments.judge(identifier)
        for decision in found.decisions[before:]:
            count("PromptsTakenBack" if decision.outcome == "harm" else "PromptDecisions")
            logger.info("experiment decided", extra={"experiment": identifier, "outcome": decision.outcome})


def _experiments(table: Table, tenant: str) -> Experiments:
    return Experiments(labels=Labels(versions=Versions(table=table, tenant=tenant)))
