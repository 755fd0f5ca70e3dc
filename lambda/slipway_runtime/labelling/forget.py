"""What people said of items goes with the items: labels, and reasons why somebody would not label."""

import re
from dataclasses import dataclass
from typing import Any

import msgspec

from slipway_runtime.labelling.job import LAST, folder, item_id
from slipway_runtime.labelling.request import JobRequest
from slipway_runtime.labelling.table import Table
from slipway_runtime.operate.objects import GONE
from slipway_runtime.operate.retry import error_code

ITEMS = re.compile(r"labelling/([^/]+)/items\.jsonl")


@dataclass(frozen=True, kw_only=True)
class Forget:
    """Removes rows of the labelling table; what the table says of the items themselves is numbers and names."""

    table: Table
    s3: Any
    bucket: str

    def __call__(self, key: str, numbers: list[int]) -> None:
        """Remove what was said of these items, where the key is that of a job's items.

        Raises: the errors of S3 and DynamoDB.
        """
        found = ITEMS.fullmatch(key)
        tenant = self._tenant(found[1]) if found else None
        if found is None or tenant is None:
            return
        partition = f"{tenant}#{found[1]}"
        for number in numbers:
            for kind in ("label", "pass"):
                first = f"{kind}#{item_id(number)}#"
                for row in self.table.query(partition, first, first + LAST):
                    self.table.remove(partition, str(row["item"]))

    def _tenant(self, job_id: str) -> str | None:
        try:
            answer = self.s3.get_object(Bucket=self.bucket, Key=f"{folder(job_id)}request.json")
        except self.s3.exceptions.ClientError as error:
            if error_code(error) in GONE:  # somebody put a file where jobs put theirs
                return None
            raise
        with answer["Body"] as body:
            return msgspec.json.decode(body.read(), type=JobRequest).tenant
