"""Observability: an alarm on every queue, function, API and database, and dashboards of what they measure."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from slipway_constructs.dashboard import Dashboard
from slipway_constructs.hurt_alarm import HurtAlarm
from stacks.features import parts
from stacks.overviews import overviews
from stacks.settings import Settings
from stacks.settings_observability import Board
from stacks.slipway_stack import SlipwayStack

if TYPE_CHECKING:
    from constructs import Construct

    from slipway_constructs.monitoring import Monitor

# The rows of dashboards, by what callers notice, functions, database, runs; others follow as they are deployed.
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
    """Monitors of what the other stacks published.

    With `alarms: all` a feature that is hurt notifies the environment's topic once, its alarms a topic of their own;
    with `essential` each alarm notifies the environment's topic.
    """

    def __init__(self, scope: Construct, *, name: str, settings: Settings) -> None:
        super().__init__(scope, "observability", name=name, settings=settings)
        topic_arn = self.look_up("foundation", "alarm-topic-arn")
        summarised = settings.observability.alarms == "all"
        single_arn = self.look_up("foundation", "single-alarm-topic-arn") if summarised else topic_arn
        boards: defaultdict[Board, list[Monitor]] = defaultdict(list)
        for part in parts(settings):
            monitors = part.monitors(self, single_arn)
            boards[part.board] += monitors
            self._settle(part.name, monitors, topic_arn if summarised else None)
        for board, monitor in overviews(self, single_arn):
            boards[board].insert(0, monitor)
            self._settle(board, [monitor], topic_arn if summarised else None)
        for board in settings.observability.dashboards:
            if rows := [monitor.graphs for monitor in sorted(boards[board], key=_row)]:
                Dashboard(self, f"{board.capitalize()}Board", name=f"slipway-{name}-{board}", rows=rows)

    def _settle(self, what: str, monitors: list[Monitor], summary_topic: str | None) -> None:
        """Summarise the monitors' alarms for a topic; without one leave out those that are not essential."""
        if summary_topic is None:
            for monitor in monitors:
                monitor.leave_out(NOT_ESSENTIAL)
            return
        if alarms := [alarm for monitor in monitors for alarm in monitor.alarms.values()]:
            construct_id = f"{monitors[0].node.id}Hurt"
            HurtAlarm(self, construct_id, what=what.capitalize(), topic_arn=summary_topic, alarms=alarms)


def _row(monitor: Monitor) -> int:
    if monitor.node.id.endswith("Overview"):
        return -1
    return ROWS.index(monitor.node.id) if monitor.node.id in ROWS else len(ROWS)
