"""Builds datasets and reads what is there: cards, lines, and the documents behind a line."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from slipway_cli import executions
from slipway_cli.errors import CommandError
from slipway_cli.target import Target
from slipway_runtime.operate.shards import ERASURES

SPLITS = ("train", "validation", "test")


def build(target: Target, recipe: dict[str, Any], run_id: str) -> dict[str, Any]:
    """Start a build, wait for its end and return its counts. Raises: CommandError with the reason if it fails."""
    return executions.run(target, target.parameter("datasets/state-machine-arn"), recipe, name=run_id, what="build")


class Datasets:
    """The datasets of an environment, in its artifacts bucket."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._s3 = target.client("s3")
        self._bucket = target.parameter("foundation/artifacts-bucket-name")

    def cards(self, name: str = "") -> list[dict[str, Any]]:
        """Return the cards of all datasets or of one, newest first, each with the time that it was written."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=f"datasets/{name}/" if name else "datasets/"
        )
        found = [one for page in pages for one in page.get("Contents", []) if one["Key"].endswith("/card.json")]
        found.sort(key=lambda one: (one["LastModified"], one["Key"]), reverse=True)
        return [
            {**json.loads(self._read(one["Key"])), "written_at": one["LastModified"].isoformat(), "place": _place(one)}
            for one in found
        ]

    def card(self, name: str, version: str = "") -> dict[str, Any]:
        """Return the card of a version, or of the newest one, with its place in S3.

        `erasures`: when lines went because a document was deleted; hashes and counts are those from before.
        Raises: CommandError if there is none.
        """
        found = [card for card in self.cards(name) if not version or card["version"] == version]
        if not found:
            wanted = f"version {version} of {name}" if version else name
            raise CommandError(f"there is no dataset {wanted}; `slipway dataset list` shows those that are there")
        place = found[0]["place"]
        return {**found[0], "place": f"s3://{self._bucket}/{place}", "erasures": self._erasures(place)}

    def _erasures(self, place: str) -> list[dict[str, Any]]:
        key = f"{place}/{ERASURES}"
        if not self._s3.list_objects_v2(Bucket=self._bucket, Prefix=key, MaxKeys=1).get("KeyCount"):
            return []
        return [json.loads(line) for line in self._lines(key)]

    def example(self, card: dict[str, Any], example_id: str) -> dict[str, Any]:
        """Return a line of a dataset, its split, and the object version behind each of its documents.

        Raises: CommandError if the dataset has no such line.
        """
        place = f"datasets/{card['recipe']['name']}/{card['version']}"
        for split in SPLITS:
            for line in self._lines(f"{place}/{split}.jsonl"):
                if f'"{example_id}"'.encode() in line and (found := json.loads(line))["example_id"] == example_id:
                    pairs = zip(found["documents"], found["source_versions"], found["rules"], strict=True)
                    return {**found, "split": split, "sources": [self._source(*each) for each in pairs]}
        raise CommandError(f"no line of {place} has the example_id {example_id}")

    def markdown(self, card: dict[str, Any]) -> str:
        """Return the card as people read it."""
        return self._read(f"datasets/{card['recipe']['name']}/{card['version']}/card.md").decode()

    def _source(self, document_id: str, version: str, rules: str) -> dict[str, Any]:
        known = {"document_id": document_id, "source_version": version, "rules": rules}
        pages = (
            self._target.client("dynamodb")
            .get_paginator("query")
            .paginate(
                TableName=self._target.parameter("foundation/documents-table-name"),
                KeyConditionExpression="document_id = :id AND begins_with(#item, :versions)",
                ExpressionAttributeNames={"#item": "item"},
                ExpressionAttributeValues={":id": {"S": document_id}, ":versions": {"S": "version#"}},
            )
        )
        for page in pages:
            for item in page["Items"]:
                if item["version_id"]["S"] == version and item["status"]["S"] == "indexed":
                    fields = ("tenant_id", "bucket", "key", "sha256", "title", "updated_at")
                    return known | {name: item.get(name, {}).get("S", "") for name in fields} | {"rules": rules}
        return known

    def _lines(self, key: str) -> Iterator[bytes]:
        with closing(self._s3.get_object(Bucket=self._bucket, Key=key)["Body"]) as body:
            yield from body.iter_lines(chunk_size=1 << 20)

    def _read(self, key: str) -> bytes:
        data: bytes = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        return data


def _place(entry: dict[str, Any]) -> str:
    return str(entry["Key"]).removesuffix("/card.json")
