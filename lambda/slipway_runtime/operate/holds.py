"""Legal holds: prefixes of the raw bucket under which nothing may be removed, who said so, when and why.

What keeps the versions is S3 Object Lock, which nobody can pass by, not even the account's owner, before the hold is
taken away. This table adds what S3 does not know: the prefix, for documents that are yet to come, and the reasons.
Source: Amazon S3 user guide, "Locking objects with Object Lock" (legal holds): a hold is on one version, has no end,
and a locked version is neither overwritten, deleted nor expired by a lifecycle rule.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import msgspec

from slipway_runtime.operate.objects import GONE
from slipway_runtime.operate.retry import error_code

PREFIX = "prefix#"
AT_ONCE = 8


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """A hold on a prefix, `<tenant>/…`. Times are ISO 8601 in UTC; "" is what it has not come to."""

    prefix: str
    reason: str
    placed_by: str
    placed_at: str
    released_by: str = ""
    released_at: str = ""
    released_because: str = ""

    @property
    def active(self) -> bool:
        """Return whether it holds now."""
        return not self.released_at

    @property
    def tenant(self) -> str:
        """Return whose documents it holds."""
        return self.prefix.partition("/")[0]


@dataclass(frozen=True, kw_only=True)
class Holds:
    """The holds' table, and the locks on versions in the raw bucket."""

    dynamodb: Any
    s3: Any
    table: str

    def covering(self, key: str) -> Hold | None:
        """Return the hold on an object key, or None."""
        held = (hold for hold in self.list(key.partition("/")[0]) if hold.active and key.startswith(hold.prefix))
        return next(held, None)

    def list(self, tenant: str) -> Iterator[Hold]:
        """Yield a tenant's holds, also those that were released, by prefix."""
        request: dict[str, Any] = {
            "TableName": self.table,
            "KeyConditionExpression": "tenant = :tenant AND begins_with(#item, :prefix)",
            "ExpressionAttributeNames": {"#item": "item"},
            "ExpressionAttributeValues": {":tenant": {"S": tenant}, ":prefix": {"S": PREFIX}},
            "ConsistentRead": True,
        }
        while True:
            page = self.dynamodb.query(**request)
            yield from (_hold(item) for item in page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def place(self, hold: Hold, bucket: str) -> int:
        """Hold everything under a prefix, what is there and what will come, and return how many versions it is now.

        The note comes first: from then on nothing is deleted through the API, and what comes is held as it comes.
        """
        self._note(hold, hold.placed_at)
        return self._lock(bucket, hold.prefix, "ON", lambda _key: True)

    def release(self, hold: Hold, bucket: str) -> int:
        """End a hold, whose fields say who, when and why, and return how many versions may be removed again.

        Versions under another active hold stay held.
        """
        self._note(hold, hold.released_at)
        others = [each.prefix for each in self.list(hold.tenant) if each.active]
        return self._lock(bucket, hold.prefix, "OFF", lambda key: not key.startswith(tuple(others)))

    def lock(self, bucket: str, key: str, version_id: str, status: str = "ON") -> bool:
        """Hold one version; False if it is gone. Raises: the errors of S3."""
        try:
            self.s3.put_object_legal_hold(Bucket=bucket, Key=key, VersionId=version_id, LegalHold={"Status": status})
        except self.s3.exceptions.ClientError as error:
            if error_code(error) in GONE:
                return False
            raise
        return True

    def _lock(self, bucket: str, prefix: str, status: str, wanted: Any) -> int:
        pages = self.s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return sum(
                sum(pool.map(lambda each: self.lock(bucket, each["Key"], each["VersionId"], status), versions))
                for page in pages
                if (versions := [each for each in page.get("Versions", []) if wanted(each["Key"])])
            )

    def _note(self, hold: Hold, at: str) -> None:
        """Write the hold as it is now, and once more under its time, where nothing is written over."""
        fields = {name: {"S": value} for name, value in msgspec.structs.asdict(hold).items()}
        for item in (PREFIX + hold.prefix, f"log#{at}#{hold.prefix}"):
            named = {"tenant": {"S": hold.tenant}, "item": {"S": item}}
            self.dynamodb.put_item(TableName=self.table, Item={**named, **fields})


def _hold(item: dict[str, Any]) -> Hold:
    return Hold(**{name: item[name]["S"] for name in Hold.__struct_fields__ if name in item})
