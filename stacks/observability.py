"""Observability: an alarm on every queue, function, API and database, and one dashboard of them all."""

import itertools

from constructs import Construct

from slipway_constructs.monitoring import Monitor, dashboard
from stacks.features import parts
from stacks.settings import Settings
from stacks.slipway_stack import SlipwayStack

# The rows of the dashboard, by what callers notice, functions, database, runs; others follow as they are deployed.
ROWS = (
    *("Api", "Events", "Ingestion"),
    *(
        "Ingest",
        "Erase",
        "Chat",
        "Search",
        "Documents",
        "Authorize",
        "Usage",
        "Meters",
        "Guard",
        "Labelling",
        "LabellingStep",
    ),
    *("Prompts", "PromptExperiments", "PromptMirror", "PromptsNotMirrored", "PromptsLeft"),
    "Database",
    *("Augmentation", "AugmentationPlan", "AugmentationAugment", "AugmentationReport"),
    *(
        "Datasets",
        "LabellingJobs",
        "Training",
        "TrainingFailures",
        "TrainingApprovals",
        "TrainingNotices",
        "Evaluation",
        "Duplicates",
        "Deletion",
        "Erasure",
    ),
)


# They warn early, or say why: what is throttled is an error of the API for a caller, and tried again else.
NOT_ESSENTIAL = ("NearTimeout", "Throttles")


class ObservabilityStack(SlipwayStack):
    """Monitors of what the other stacks published; every alarm notifies the environment's topic."""

    def __init__(self, scope: Construct, *, name: str, settings: Settings) -> None:
        super().__init__(scope, "observability", name=name, settings=settings)
        topic_arn = self.look_up("foundation", "alarm-topic-arn")
        monitors = [monitor for part in parts(settings) for monitor in part.monitors(self, topic_arn)]
        if settings.observability.alarms == "essential":
            for monitor, alarm in itertools.product(monitors, NOT_ESSENTIAL):
                monitor.node.try_remove_child(alarm)
        if settings.observability.dashboard:
            dashboard(self, "Dashboard", sorted(monitors, key=_row))


def _row(monitor: Monitor) -> int:
    return ROWS.index(monitor.node.id) if monitor.node.id in ROWS else len(ROWS)
