"""The middle step of a run of augmentation: one object."""

import functools
from typing import Any

import msgspec

from slipway_runtime import settings, settings_augmentation
from slipway_runtime.handlers.augmentation_events import ObjectEvent
from slipway_runtime.operate.augmentation import Augmentation
from slipway_runtime.operate.augmentation_runs import Run
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.curated import Curated
from slipway_runtime.operate.lineage import Lineage
from slipway_runtime.operate.objects import Objects
from slipway_runtime.operate.observability import count, logger, observed
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.prepare.augment.augment import Augmenter
from slipway_runtime.prepare.augment.model import ToolModel
from slipway_runtime.prepare.label.classifier import Classifier
from slipway_runtime.prepare.label.entities import Entities
from slipway_runtime.prepare.label.label import Labeller
from slipway_runtime.prepare.rules.build import RuleSets
from slipway_runtime.retrieve.chunk import ChunkSettings

MARGIN_SECONDS = 10.0


@observed
def handler(event: dict[str, Any], context: Any) -> str:
    """Return the id of the document; what became of it is kept beside the plan.

    Raises: the errors of AWS that trying again did not mend, for the state machine to try once more.
    """
    asked = msgspec.convert(event, ObjectEvent)
    run = Run(
        client=client("s3"),
        bucket=settings.required("ARTIFACTS_BUCKET"),
        prefix=asked.prefix,
        run_id=asked.run_id,
    )
    augmenter, labeller, sources = _parts()
    augmentation = Augmentation(
        run=run,
        objects=Objects(client=client("s3")),
        raw_bucket=settings.required("RAW_BUCKET"),
        curated=Curated(client=client("s3"), bucket=settings.required("CURATED_BUCKET")),
        lineage=Lineage(
            client=client("dynamodb"), documents_table=settings.required("DOCUMENTS_TABLE"), rejects_table=""
        ),
        sources=sources,
        augmenter=augmenter,
        labeller=labeller,
    )
    outcome = augmentation.one(asked.item, Deadline.of(context, MARGIN_SECONDS))
    kept = sum(tally.kept for tally in outcome.tallies.values())
    rejected = len(outcome.rejects)
    count("ItemsKept", kept)
    count("ItemsRejected", rejected)
    facts = {"document_id": outcome.document_id, "kept": kept, "rejected": rejected, "calls": outcome.spent.calls}
    refused = outcome.refused.code if outcome.refused else ""
    logger.info("object augmented", extra={"run_id": asked.run_id, "code": refused, **facts})
    return outcome.document_id


@functools.cache
def _parts() -> tuple[Augmenter, Labeller, RuleSets]:
    wishes = settings_augmentation.wishes()
    chunking = ChunkSettings(
        max_characters=int(settings.required("CHUNK_MAX_CHARACTERS")),
        overlap_characters=int(settings.required("CHUNK_OVERLAP_CHARACTERS")),
    )
    model = ToolModel(client=client("bedrock-runtime"), model_id=wishes.model_id)
    arn = wishes.classifier_arn
    labeller = Labeller(
        entities=Entities(client=client("comprehend")) if wishes.entities else None,
        classifier=Classifier(client=client("comprehend"), endpoint_arn=arn) if arn else None,
        chunking=chunking,
    )
    sources = RuleSets(settings=settings_augmentation.source_rules(), comprehend=lambda: client("comprehend"))
    return Augmenter(model=model, wishes=wishes, chunking=chunking), labeller, sources
