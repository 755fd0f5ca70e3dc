"""Where a Processing job finds things and leaves them; by hand, folders below --root.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/build-your-own-processing-container.html
"""

import json
from dataclasses import dataclass
from pathlib import Path

MESSAGE_BYTES = 1024


@dataclass(frozen=True)
class Places:
    """Folders of one job. `root` is /opt/ml."""

    root: Path

    def given(self, name: str, pattern: str) -> Path | None:
        """Return the first file that matches in an input, the input's own folder for "", None if there is none."""
        folder = self.root / "processing" / "input" / name
        if not folder.is_dir():
            return None
        return next(iter(sorted(folder.rglob(pattern))), None) if pattern else folder

    @property
    def output(self) -> Path:
        """What is written here is uploaded when the job ends."""
        return self.root / "processing" / "output"

    def fail(self, reason: str, output: Path | None = None) -> None:
        """Write why the job failed: it becomes the job's ExitMessage, and failure.json of its output."""
        if self.root.is_dir():
            message = self.root / "output" / "message"
            message.parent.mkdir(parents=True, exist_ok=True)
            message.write_bytes(reason.encode()[:MESSAGE_BYTES])
        folder = output or self.output
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "failure.json").write_text(json.dumps({"reason": reason}), encoding="utf-8")
