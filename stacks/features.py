"""The parts of an environment in the order in which they are deployed, and which of them the settings switch on.

A part is a module here, imported only where it is on: `<Name>Stack` is its stack; its function `monitors`, where it
runs something, watches that in the observability stack.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from stacks.settings_observability import Board

if TYPE_CHECKING:
    from constructs import Construct

    from slipway_constructs.monitoring import Monitor
    from stacks.settings import Settings
    from stacks.slipway_stack import SlipwayStack


class StackKind(Protocol):
    """A class of stacks."""

    def __call__(self, scope: Construct, *, name: str, settings: Settings) -> SlipwayStack:
        """Make the stack of the environment `name`."""
        ...


@dataclass(frozen=True)
class Part:
    """One part, by the name of its module; `is_on`: whether an environment has it; `board`: the dashboard it is on."""

    name: str
    is_on: Callable[[Settings], bool] = lambda _settings: True
    board: Board = "platform"

    def stack(self) -> StackKind:
        """Return the class of its stack."""
        kind: StackKind = getattr(import_module(f"stacks.{self.name}"), f"{self.name.capitalize()}Stack")
        return kind

    def monitors(self, stack: SlipwayStack, topic_arn: str) -> list[Monitor]:
        """Make its alarms and rows of the dashboard in the observability stack; none where it runs nothing."""
        module = import_module(f"stacks.{self.name}")
        made: list[Monitor] = module.monitors(stack, topic_arn) if hasattr(module, "monitors") else []
        return made


PARTS = (
    Part("foundation"),
    Part("network", lambda settings: settings.network.mode != "none"),
    Part("retrieval", board="retrieval"),
    Part("backup", lambda settings: settings.backup.enabled),
    Part("ingestion"),
    Part("datasets", lambda settings: settings.datasets.enabled, board="training"),
    Part("labelling", lambda settings: settings.labelling.enabled, board="training"),
    Part("prompts", lambda settings: settings.prompts.enabled, board="quality"),
    Part("training", lambda settings: settings.training.enabled, board="training"),
    Part("deletion"),
    Part("knowledge", lambda settings: settings.retrieval.knowledge_base.enabled, board="retrieval"),
    Part("corpus", lambda settings: settings.ingestion.corpus.is_on),
    Part("serving", lambda settings: bool(settings.serving.endpoints), board="endpoints"),
    Part("deployment", lambda settings: bool(settings.serving.follows), board="endpoints"),
    Part("reindex", lambda settings: settings.reindex.enabled, board="retrieval"),
    Part("gateway"),
    Part("augmentation", lambda settings: settings.augmentation.enabled, board="training"),
    Part("evaluation", lambda settings: settings.evaluation.enabled, board="training"),
    Part("governance", lambda settings: settings.governance.is_on),
    Part("drift", lambda settings: settings.stack_drift.enabled),
    Part("observability"),
)


def parts(settings: Settings) -> list[Part]:
    """Return the parts of an environment in the order in which they are deployed."""
    return [part for part in PARTS if part.is_on(settings)]
