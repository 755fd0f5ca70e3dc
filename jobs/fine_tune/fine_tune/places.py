"""Where SageMaker puts things and looks for them; each place can be moved by its variable.

Source: https://github.com/aws/sagemaker-training-toolkit/blob/master/ENVIRONMENT_VARIABLES.md
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Places:
    """Folders of one training job. `root` is /opt/ml."""

    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    @property
    def root(self) -> Path:
        """The folder that holds all others, unless they are moved."""
        return Path(self.env.get("SM_BASE_DIR", "/opt/ml"))

    def channel(self, *names: str) -> Path | None:
        """Return the folder of the first channel of these names that the job has, None if it has none."""
        for name in names:
            folder = Path(self.env.get(f"SM_CHANNEL_{name.upper()}", self.root / "input" / "data" / name))
            if folder.is_dir():
                return folder
        return None

    @property
    def model(self) -> Path:
        """What is written here becomes model.tar.gz."""
        return self._at("SM_MODEL_DIR", "model")

    @property
    def output(self) -> Path:
        """What is written here becomes output.tar.gz."""
        return self._at("SM_OUTPUT_DATA_DIR", "output/data")

    @property
    def failure(self) -> Path:
        """The file whose first 1,024 characters become the job's FailureReason."""
        return self._at("SM_OUTPUT_DIR", "output") / "failure"

    @property
    def checkpoints(self) -> Path:
        """SageMaker copies this folder to S3 while the job runs, and back before it starts again."""
        return self._at("SM_CHECKPOINT_DIR", "checkpoints")

    def hyperparameters(self) -> dict[str, Any]:
        """Return what the job was given, from its file and then from SM_HPS."""
        file = self._at("SM_INPUT_CONFIG_DIR", "input/config") / "hyperparameters.json"
        given = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        return {**given, **json.loads(self.env.get("SM_HPS", "{}"))}

    @property
    def hosts(self) -> list[str]:
        """The instances of the job, in an order that all of them see alike."""
        file = self._at("SM_INPUT_CONFIG_DIR", "input/config") / "resourceconfig.json"
        given = self.env.get("SM_RESOURCE_CONFIG") or (file.read_text(encoding="utf-8") if file.is_file() else "{}")
        found = json.loads(self.env.get("SM_HOSTS", "[]")) or json.loads(given).get("hosts", [])
        return sorted(found) or ["localhost"]

    @property
    def host(self) -> str:
        """This instance's name among `hosts`."""
        return self.env.get("SM_CURRENT_HOST", self.hosts[0])

    @property
    def instance_type(self) -> str:
        """The type of this instance, like ml.g6.xlarge; empty outside SageMaker."""
        return self.env.get("SM_CURRENT_INSTANCE_TYPE", "")

    @property
    def job_name(self) -> str:
        """The training job's name, `fine-tune` by hand."""
        return str(json.loads(self.env.get("SM_TRAINING_ENV", "{}")).get("job_name") or "fine-tune")

    def _at(self, variable: str, below: str) -> Path:
        return Path(self.env.get(variable, self.root / below))
