"""An environment with training sets in the local cloud, documents for it, and what its builds wrote."""

import json
from pathlib import Path
from typing import Any

from slipway_cli.target import Target
from slipway_runtime.prepare.keys import document_id
from support import trial
from support.waiting import wait_for

SETTINGS = """
removal: destroy
termination_protection: false
datasets: {enabled: true}
"""
NOTES = 24
SECRET = "Pump seven is to be filled with exactly four litres of blue oil on the last Monday of each month"
TEXT = {"kind": "text", "documents": ["acme/notes/"], "split": {"train": 0.5, "validation": 0.25, "test": 0.25}}


def up(folder: Path) -> Target:
    """Bring up an environment by the name of a shipped one, so that the documented commands find it."""
    return trial.up(folder, SETTINGS, name="dev", state=folder / "home" / "dev")


def note(number: int) -> str:
    """Return a note unlike all others; of 3 and 4, the second is nearly the first, and 7 holds an evaluation item."""
    words = " ".join(f"part{number if number != 4 else 3}x{place} is checked" for place in range(40))
    return f"# Note\n\n{words} {SECRET if number == 7 else ''}{' again' if number == 4 else ''}\n"


def files(target: Target, name: str, version: str) -> dict[str, bytes]:
    """Return the files of a version of a dataset by name."""
    bucket, s3 = target.parameter("foundation/artifacts-bucket-name"), target.client("s3")
    place = f"datasets/{name}/{version}/"
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=place)["Contents"]
    return {
        one["Key"].removeprefix(place): s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read() for one in listed
    }


def rows(data: bytes) -> list[dict[str, Any]]:
    """Return the rows of a file of lines."""
    return [json.loads(line) for line in data.splitlines()]


def chat(question: str, **changed: object) -> dict[str, Any]:
    """Return a line that is an example of a chat."""
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": f"About {question}: yes."}]
    lineage = {"documents": [document_id("acme/notes/n1.md")], "source_versions": ["v"], "rules": ["r"]}
    return {"origin": "augmented", "messages": messages, **lineage} | changed


def indexed(target: Target, documents: dict[str, str]) -> dict[str, str]:
    """Put documents, wait until all are indexed, and return the version of each object by its key."""
    s3, raw = target.client("s3"), target.parameter("foundation/raw-bucket-name")
    put = {key: s3.put_object(Bucket=raw, Key=key, Body=text.encode()) for key, text in documents.items()}
    table, dynamodb = target.parameter("foundation/documents-table-name"), target.client("dynamodb")

    def done() -> bool:
        keys = [{"document_id": {"S": document_id(key)}, "item": {"S": "current"}} for key in put]
        found = dynamodb.batch_get_item(RequestItems={table: {"Keys": keys}})["Responses"][table]
        return sum(item["status"]["S"] == "indexed" for item in found) == len(put)

    assert wait_for(done, seconds=120)
    return {key: answer["VersionId"] for key, answer in put.items()}


def put_lines(target: Target, key: str, *lines: object) -> None:
    """Put an object of lines, as they are or as JSON, into the artifacts bucket."""
    bucket = target.parameter("foundation/artifacts-bucket-name")
    body = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    target.client("s3").put_object(Bucket=bucket, Key=key, Body=body.encode())
