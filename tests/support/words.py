"""Where a word is, of all that an environment keeps."""

import json
import zlib
from collections.abc import Iterator

import psycopg

from slipway_cli.target import Target


def places_of(target: Target, word: str) -> list[str]:
    """Return where a word is: versions of objects, items of tables, rows of PostgreSQL."""
    return [*_objects(target, word.encode()), *_items(target, word), *_rows(target, word)]


def _objects(target: Target, word: bytes) -> Iterator[str]:
    s3 = target.client("s3")
    for bucket in (one["Name"] for one in s3.list_buckets()["Buckets"] if "cdk" not in one["Name"]):
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for entry in page.get("Versions", []):
                named = {"Bucket": bucket, "Key": entry["Key"], "VersionId": entry["VersionId"]}
                if word in s3.get_object(**named)["Body"].read():
                    yield f"s3://{bucket}/{entry['Key']}?{entry['VersionId']}"


def _items(target: Target, word: str) -> Iterator[str]:
    dynamodb = target.client("dynamodb")
    for table in dynamodb.list_tables()["TableNames"]:
        for page in dynamodb.get_paginator("scan").paginate(TableName=table):
            yield from (f"{table}: {item}" for item in page["Items"] if word in _text(item))


def _text(item: dict[str, dict[str, object]]) -> str:
    """Return what an item says, also in cells that are packed."""
    cells = [value for cell in item.values() for value in cell.values()]
    packed = [bytes(each) for each in cells if isinstance(each, bytes)]  # boto3 gives bytes as they are
    return str(item) + "".join(map(_unpacked, packed))


def _unpacked(cell: bytes) -> str:
    try:
        return zlib.decompress(cell).decode(errors="replace")
    except zlib.error:
        return ""


def _rows(target: Target, word: str) -> Iterator[str]:
    secret = target.client("secretsmanager").get_secret_value(SecretId=target.parameter("retrieval/secret-arn"))
    given = json.loads(secret["SecretString"])
    (cluster,) = target.client("rds").describe_db_clusters()["DBClusters"]
    with psycopg.connect(
        host=cluster["Endpoint"],
        port=cluster["Port"],
        user=given["username"],
        password=given["password"],
        dbname=target.parameter("retrieval/database-name"),
    ) as connection:
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = 'slipway'"
        ).fetchall()
        assert tables
        for schema, table in tables:
            for (row,) in connection.execute(f"SELECT t::text FROM {schema}.{table} t"):  # type: ignore[call-overload]
                if word in row:
                    yield f"{schema}.{table}: {row[:80]}"
