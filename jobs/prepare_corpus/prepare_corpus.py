"""Prepares a whole corpus on Spark: Glue 5.1, EMR Serverless, or this machine.

    python jobs/prepare_corpus/prepare_corpus.py --input raw/ --output curated/ --run-id try-1

Each object goes through the very function that a document of the document path goes through, so that its curated line
has the same bytes. Objects are listed by the driver, and read, curated and written by the executors over S3's own API.
Exits 1 if not every document is accounted for. Needs PySpark 3.5.6 with Java 17, and `slipway_runtime` on its path.
"""

import argparse
import functools
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

ROW = "key string, tenant string, document_id string, code string, line binary, changes string"
PART = "part string, documents long"
Batches = Iterator["pa.RecordBatch"]


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """Return the settings of the run; Glue adds arguments of its own, which are not read."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--input", required=True, help="s3://BUCKET, or a folder, with keys <tenant>/<path>")
    parser.add_argument("--output", required=True, help="s3://BUCKET, or a folder, for curated documents")
    # "?": a value that is empty may not arrive at all.
    parser.add_argument("--prefix", default="", nargs="?", const="", help="only keys that begin so, like acme/mail/")
    parser.add_argument("--run-id", required=True, help="names what the run writes")
    parser.add_argument("--date", default=datetime.now(UTC).date().isoformat(), help="the partition, ISO 8601")
    parser.add_argument("--max-document-bytes", type=int, default=20_000_000, help="larger ones are rejected")
    parser.add_argument("--part-documents", type=int, default=500, help="documents in one task")
    return parser.parse_known_args(given)[0]


def curate_keys(settings: argparse.Namespace, batches: Batches) -> Batches:
    """Turn batches of keys into outcomes; runs on an executor."""
    import pyarrow as pa

    from slipway_runtime.corpus.outcome import outcomes
    from slipway_runtime.corpus.rule_sets import rules_of
    from slipway_runtime.corpus.storage import storage_at

    storage = storage_at(settings.input)
    for batch in batches:
        found = outcomes(storage, batch.column("key").to_pylist(), rules_of(), settings.max_document_bytes)
        yield pa.RecordBatch.from_pylist([_row(one) for one in found], schema=_row_schema())


def write_part(settings: argparse.Namespace, batches: Batches) -> Batches:
    """Write the outcomes of a partition and yield how many they were; runs on an executor."""
    import pyarrow as pa
    from pyspark import TaskContext

    from slipway_runtime.corpus.run import Run
    from slipway_runtime.corpus.storage import storage_at

    context = TaskContext.get()
    part = f"{context.partitionId() if context else 0:06d}"
    rows = (_outcome(row) for batch in batches for row in batch.to_pylist())
    books = Run(run_id=settings.run_id, date=settings.date).write(storage_at(settings.output), part, rows)
    yield pa.RecordBatch.from_pylist([{"part": part, "documents": books.seen}])


def remove_duplicates(curated: "DataFrame") -> "DataFrame":
    """Return the outcomes with copies marked by the code DUPLICATE: the place of what compares documents."""
    return curated


def run(spark: "SparkSession", settings: argparse.Namespace) -> dict[str, Any]:
    """Run over the corpus and return the report. Raises: UnbalancedError."""
    from slipway_runtime.corpus.run import Run
    from slipway_runtime.corpus.storage import storage_at

    named = Run(run_id=settings.run_id, date=settings.date)
    keys = storage_at(settings.input).keys(settings.prefix)
    parts = max(1, -(-len(keys) // settings.part_documents))
    listed = spark.createDataFrame([(key,) for key in keys], "key string").repartition(parts)
    curated = listed.mapInArrow(_with(settings, curate_keys), ROW)
    remove_duplicates(curated).mapInArrow(_with(settings, write_part), PART).collect()
    return named.close(storage_at(settings.output))


def _with(settings: argparse.Namespace, step: Callable[..., Batches]) -> Callable[[Batches], Batches]:
    return functools.partial(step, settings)


def _row(one: Any) -> dict[str, Any]:
    import msgspec

    return {**msgspec.structs.asdict(one), "changes": msgspec.json.encode(one.changes).decode()}


def _outcome(row: dict[str, Any]) -> Any:
    import msgspec

    from slipway_runtime.corpus.outcome import Outcome

    return Outcome(**{**row, "changes": msgspec.json.decode(row["changes"])})


def _row_schema() -> "pa.Schema":
    import pyarrow as pa

    return pa.schema([(name, pa.binary() if kind == "binary" else pa.string()) for name, kind in _columns()])


def _columns() -> list[list[str]]:
    return [column.split() for column in ROW.split(", ")]


def main() -> None:
    """Run with the command's arguments and print the report, one line of JSON."""
    import msgspec
    from pyspark.sql import SparkSession

    settings = arguments()
    spark = SparkSession.builder.appName("prepare-corpus").getOrCreate()
    try:
        report = run(spark, settings)
    finally:
        spark.stop()
    sys.stdout.write(msgspec.json.encode(report).decode() + "\n")


if __name__ == "__main__":
    main()
