"""Where a run of an evaluation keeps what it makes, in the artifacts bucket.

evaluations/<tenant>/<run>/questions.jsonl                        what was asked, as it was given
evaluations/<tenant>/<run>/rows/00001.json …                      what was measured of each question
evaluations/<tenant>/<run>/report.json, report.md, search.svg …   the report
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from slipway_runtime.evaluate.questions import Question, read
from slipway_runtime.evaluate.rows import Row

TENANT = re.compile(r"[a-z0-9-]{1,64}\Z")
RUN_ID = re.compile(r"[A-Za-z0-9_-]{1,80}\Z")
TYPES = {"md": "text/markdown; charset=utf-8", "svg": "image/svg+xml", "json": "application/json"}
MAX_FILE_BYTES = 16 * 1024**2


@dataclass(frozen=True, kw_only=True)
class EvaluationRun:
    """One run. Raises: ValueError for a tenant or a run id with other characters than it may have."""

    client: Any
    bucket: str
    tenant: str
    run_id: str

    def __post_init__(self) -> None:
        if not TENANT.match(self.tenant):
            raise ValueError("tenant must be 1 to 64 of a-z, 0-9 and -")
        if not RUN_ID.match(self.run_id):
            raise ValueError("run_id must be 1 to 80 letters, digits, - and _")

    @property
    def folder(self) -> str:
        """Return where everything of the run is."""
        return f"evaluations/{self.tenant}/{self.run_id}"

    def questions(self) -> list[Question]:
        """Return the questions. Raises: InvalidQuestions, ValueError for a file over 16 MiB, the errors of S3."""
        answer = self.client.get_object(Bucket=self.bucket, Key=f"{self.folder}/questions.jsonl")
        with answer["Body"] as body:
            if answer["ContentLength"] > MAX_FILE_BYTES:
                raise ValueError(
                    f"the questions have {answer['ContentLength']} bytes, at most {MAX_FILE_BYTES} are read"
                )
            return read(body.read().split(b"\n"))

    def write_row(self, row: Row) -> None:
        """Write what was measured of a question."""
        self._put(f"rows/{row.number:05d}.json", msgspec.json.encode(row))

    def row(self, number: int) -> Row:
        """Return what was measured of a question. Raises: the errors of S3."""
        answer = self.client.get_object(Bucket=self.bucket, Key=f"{self.folder}/rows/{number:05d}.json")
        with answer["Body"] as body:
            return msgspec.json.decode(body.read(), type=Row)

    def write(self, files: Mapping[str, bytes]) -> None:
        """Write files of the report, by name."""
        for name, data in files.items():
            self._put(name, data)

    def _put(self, name: str, data: bytes) -> None:
        kind = TYPES[name.rpartition(".")[2]]
        self.client.put_object(Bucket=self.bucket, Key=f"{self.folder}/{name}", Body=data, ContentType=kind)
