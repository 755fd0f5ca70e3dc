"""The rules between the settings of runs over the corpus: what EMR Serverless cannot do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stacks.settings_sources import redacts_names
from stacks.settings_violation import Violation

if TYPE_CHECKING:
    from stacks.settings import Settings

MIN_TIMEOUT_MINUTES = 5


def violations(settings: Settings) -> Iterator[Violation]:
    """Yield what is wrong with Spark on EMR Serverless."""
    ingestion = settings.ingestion
    if ingestion.corpus.spark != "emr_serverless":
        return
    if ingestion.corpus.timeout_minutes < MIN_TIMEOUT_MINUTES:
        yield Violation(
            key=("ingestion", "corpus", "timeout_minutes"),
            expected=f"{MIN_TIMEOUT_MINUTES} or more on EMR Serverless",
            got=ingestion.corpus.timeout_minutes,
            remedy="Raise it, or run Spark on Glue.",
        )
    # Source: EMR Serverless user guide, "Configuring VPC access": without one, few services of the region are reached.
    if redacts_names(ingestion.rules, ingestion.sources):
        yield Violation(
            key=("ingestion", "corpus", "spark"),
            expected="`glue` where a source's rules redact names: EMR Serverless does not reach Comprehend",
            got=ingestion.corpus.spark,
            remedy="Set ingestion.corpus.spark: glue, or leave `name` out of the kinds that are redacted.",
        )
