"""Where a distributed Map's items come from: S3 lists, JSON, JSON Lines, CSV and S3 inventories.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
"""

import csv
import gzip
import io
import json
from typing import Any

from botocore.exceptions import ClientError

from slipway_local.state_machines.errors import StatesError
from slipway_local.state_machines.flow import Visit

DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}


def failure(cause: str) -> StatesError:
    """Return the error of an item source that cannot be read."""
    return StatesError("States.ItemReaderFailed", cause)


def read_items(visit: Visit, reader: dict[str, Any]) -> list[Any]:
    """Return the items of an ItemReader. Raises StatesError States.ItemReaderFailed."""
    settings = reader.get("ReaderConfig", {})
    given = visit.data.render(reader.get("Parameters", reader.get("Arguments", {})), "ItemReader")
    s3 = visit.flow.execution.client("s3")
    try:
        if reader["Resource"].endswith(":listObjectsV2"):
            items = _listed(s3, given)
        else:
            body = s3.get_object(**given)["Body"].read()
            items = _parsed(s3, body, settings, str(given.get("Key", "")))
    except ClientError as error:
        raise failure(f"{reader['Resource']}: {error}") from error
    except ValueError as error:
        raise failure(f"s3://{given.get('Bucket')}/{given.get('Key')} cannot be read: {error}") from error
    maximum = visit.data.value(settings, "MaxItems")
    return items[: int(maximum)] if maximum else items


def _listed(s3: Any, given: dict[str, Any]) -> list[Any]:
    pages = s3.get_paginator("list_objects_v2").paginate(**given)
    items = []
    for page in pages:
        for entry in page.get("Contents", []):
            shown = {key: entry[key] for key in ("ETag", "Key", "Size", "StorageClass") if key in entry}
            items.append({"Etag" if k == "ETag" else k: v for k, v in shown.items()})
            items[-1]["LastModified"] = int(entry["LastModified"].timestamp())
    return items


def _parsed(s3: Any, body: bytes, settings: dict[str, Any], key: str) -> list[Any]:
    kind = settings.get("InputType", "")
    if kind == "MANIFEST":
        return _inventory(s3, json.loads(body))
    text = (gzip.decompress(body) if key.endswith(".gz") else body).decode("utf-8-sig")
    if kind == "CSV":
        return _rows(text, settings)
    if kind == "JSONL":
        return [json.loads(line) for line in text.split("\n") if line.strip()]
    value = json.loads(text)
    for part in settings.get("ItemsPointer", "").split("/")[1:]:
        step = part.replace("~1", "/").replace("~0", "~")
        value = value[int(step)] if isinstance(value, list) else value.get(step)
    if isinstance(value, dict):
        return [{"Key": name, "Value": item} for name, item in value.items()]
    if not isinstance(value, list):
        raise ValueError("Attempting to map over non-iterable node.")
    return value


def _rows(text: str, settings: dict[str, Any]) -> list[dict[str, str]]:
    rows = csv.reader(io.StringIO(text), delimiter=DELIMITERS[settings.get("CSVDelimiter", "COMMA")])
    given = settings.get("CSVHeaderLocation") == "GIVEN"
    headers = settings["CSVHeaders"] if given else next(rows, [])
    if len(set(headers)) < len(headers):
        raise ValueError("CSV headers cannot contain duplicates.")
    padded = (row + [""] * (len(headers) - len(row)) for row in rows if row)
    return [dict(zip(headers, row, strict=False)) for row in padded]


def _inventory(s3: Any, manifest: dict[str, Any]) -> list[Any]:
    """Return the rows of every file of an S3 inventory, in the columns of its schema."""
    if manifest.get("fileFormat") != "CSV":
        raise ValueError(f"inventories in the format {manifest.get('fileFormat')} are not emulated, only CSV")
    bucket = manifest["destinationBucket"].rsplit(":", 1)[-1]
    headers = [name.strip() for name in manifest["fileSchema"].split(",")]
    items: list[Any] = []
    for entry in manifest["files"]:
        body = s3.get_object(Bucket=bucket, Key=entry["key"])["Body"].read()
        text = (gzip.decompress(body) if entry["key"].endswith(".gz") else body).decode()
        items += _rows(text, {"CSVHeaderLocation": "GIVEN", "CSVHeaders": headers})
    return items
