"""What happens beside the steps: lines of metrics, checkpoints that are sealed, and a stop when the instance goes."""

import math
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from fine_tune import checkpoints, ranks
from fine_tune.tracking import Tracker
from slipway_runtime.train import metrics

RENAMED = {"loss": "train_loss", "eval_loss": "validation_loss"}


class Watch(TrainerCallback):  # type: ignore[misc]
    """Watches one training. `interrupted` tells whether SIGTERM ended it before its last step."""

    def __init__(self, *, fingerprint: str, nodes: int, tracker: Tracker, tokens_per_step: float) -> None:
        self.interrupted = False
        self._asked_to_stop = False
        self._fingerprint = fingerprint
        self._nodes = nodes
        self._tracker = tracker
        self._tokens_per_step = tokens_per_step
        self._since = (0, time.monotonic())

    def on_train_begin(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
        """Listen for SIGTERM: SageMaker sends it two minutes before it takes a spot instance."""
        signal.signal(signal.SIGTERM, self._hear)
        self._since = (state.global_step, time.monotonic())

    def _hear(self, *_: object) -> None:
        self._asked_to_stop = True

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Stop at the same step everywhere, with a checkpoint."""
        if ranks.anyone(self._asked_to_stop, args.device) and state.global_step < state.max_steps:
            self.interrupted = True
            control.should_save = control.should_training_stop = True

    def on_save(self, args: Any, state: Any, _control: Any, **_: Any) -> None:
        """Seal the checkpoint when every process has written its part."""
        ranks.wait_for_all()
        if args.local_process_index == 0:
            node = int(os.environ.get("GROUP_RANK", "0"))
            folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
            checkpoints.seal(folder, node=node, nodes=self._nodes, fingerprint=self._fingerprint)
        ranks.wait_for_all()

    def on_log(self, _args: Any, state: Any, _control: Any, logs: Any = None, **_: Any) -> None:
        """Print a line that SageMaker reads, and tell the tracker."""
        if not state.is_world_process_zero:
            return
        values = {RENAMED.get(name, name): float(value) for name, value in (logs or {}).items() if _is_number(value)}
        if "train_loss" in values:
            steps, now = state.global_step - self._since[0], time.monotonic()
            values["tokens_per_second"] = steps * self._tokens_per_step / max(now - self._since[1], 1e-9)
            self._since = (state.global_step, now)
        if "validation_loss" in values:
            values["validation_perplexity"] = math.exp(min(values["validation_loss"], 100))
        sys.stdout.write(metrics.line(state.global_step, values) + "\n")
        sys.stdout.flush()
        self._tracker.log(values, state.global_step)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)
