"""Prepares a whole corpus on Spark: Glue 5.1, EMR Serverless, or this machine.

    python jobs/prepare_corpus/prepare_corpus.py --input raw/ --output curated/ --run-id try-1

Each object goes through the very function that a document of the document path goes through, so that its curated line
has the same bytes. The driver lists the objects and compares their fingerprints; executors read, curate and write over
S3's own API, one task for each part, so that no text passes through Spark.
Exits 1 if not every document is accounted for, 2 if a person has to agree first. Needs PySpark 3.5.6 with Java 17, and
`slipway_runtime` on its path.
"""

import argparse
import functools
import sys
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

Batches = Iterator["pa.RecordBatch"]
KEYS, PART, DOCUMENTS = "keys array<string>", "part string", "documents long"


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """Return the settings of the run; Glue adds arguments of its own, which are not read."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    # "?": a value that is empty may not arrive at all.
    optional = functools.partial(parser.add_argument, nargs="?", const="")
    parser.add_argument("--input", required=True, help="s3://BUCKET, or a folder, with keys <tenant>/<path>")
    parser.add_argument("--output", required=True, help="s3://BUCKET, or a folder, for curated documents")
    optional("--prefix", default="", help="only keys that begin so, like acme/mail/")
    parser.add_argument("--run-id", required=True, help="names what the run writes")
    parser.add_argument("--date", default=datetime.now(UTC).date().isoformat(), help="the partition, ISO 8601")
    parser.add_argument("--rules", required=True, help="the rule sets of the environment, JSON; {} for none")
    parser.add_argument("--max-document-bytes", type=int, default=20_000_000, help="larger ones are rejected")
    parser.add_argument("--part-documents", type=int, default=500, help="documents in one task")
    optional(
        "--near-duplicates", default="{}", help="which sources are searched for near-duplicates, JSON; {} for none"
    )
    optional("--acknowledged", default="", help="what a held run's report says, separated by commas")
    optional("--ocr", default="no", help="yes: scans have the text that the document path recognised")
    optional("--leave-open", default="no", help="yes: another step makes the report, and exit 2 is 0")
    return parser.parse_known_args(given)[0]


def stage_parts(settings: argparse.Namespace, batches: Batches) -> Batches:
    """Curate the objects of each row of keys, stage them and yield how many they were; runs on an executor."""
    import pyarrow as pa

    from slipway_runtime.corpus.sources import Sources
    from slipway_runtime.corpus.stage import Stage
    from slipway_runtime.corpus.storage import storage_at

    output = storage_at(settings.output)
    stage = Stage(
        raw=storage_at(settings.input),
        sources=Sources.of(settings.rules),
        max_document_bytes=settings.max_document_bytes,
        texts=output if settings.ocr == "yes" else None,
    )
    staged = _run(settings).staged(output)
    for batch in batches:
        found = [stage.run(staged, keys) for keys in batch.column("keys").to_pylist()]
        yield pa.RecordBatch.from_pydict({"documents": [len(each.kept) + len(each.rejects) for each in found]})


def publish_parts(settings: argparse.Namespace, batches: Batches) -> Batches:
    """Publish each part and yield how many documents it has; runs on an executor."""
    import pyarrow as pa

    from slipway_runtime.corpus.storage import storage_at

    run, storage = _run(settings), storage_at(settings.output)
    for batch in batches:
        found = [run.publish(storage, part) for part in batch.column("part").to_pylist()]
        kept = [sum(each.kept for each in books.of.values()) for books in found]
        yield pa.RecordBatch.from_pydict({"documents": kept})


def prepare(spark: "SparkSession", settings: argparse.Namespace) -> bool:
    """Run over the corpus and return whether it was published; if not, a person has to agree first."""
    from slipway_runtime.corpus.compare import Compare
    from slipway_runtime.corpus.storage import batched, storage_at
    from slipway_runtime.prepare.duplicates.settings import read

    keys = _run(settings).take(storage_at(settings.input), storage_at(settings.output), settings.prefix)
    parts = [(list(part),) for part in batched(keys, settings.part_documents)]
    _each(_rows(spark, parts, KEYS), settings, stage_parts)
    staged = _run(settings).staged(storage_at(settings.output))
    compare = Compare(
        settings=read(settings.near_duplicates),
        acknowledged=frozenset(settings.acknowledged.split(",")),
    )
    if compare.run(staged).held:
        return False
    _each(_rows(spark, [(part,) for part in staged.parts()], PART), settings, publish_parts)
    return True


def _rows(spark: "SparkSession", rows: list[Any], schema: str) -> "DataFrame":
    """Return a row for each part, a task for each row: parts differ in what they cost."""
    from pyspark.sql.types import _parse_datatype_string

    shape: Any = _parse_datatype_string(schema)
    return spark.createDataFrame(spark.sparkContext.parallelize(rows, max(1, len(rows))), shape)


def _each(rows: "DataFrame", settings: argparse.Namespace, step: Callable[..., Batches]) -> None:
    rows.mapInArrow(functools.partial(step, settings), DOCUMENTS).collect()


def _run(settings: argparse.Namespace) -> Any:
    from slipway_runtime.corpus.run import Run

    return Run(run_id=settings.run_id, date=settings.date)


def main() -> None:
    """Run with the command's arguments and print the report, one line of JSON."""
    import msgspec
    from pyspark.sql import SparkSession

    from slipway_runtime.corpus.begin import InvalidRun, begin
    from slipway_runtime.corpus.storage import storage_at

    settings = arguments()
    if settings.leave_open != "yes":  # else the state machine has done so
        try:
            begin(storage_at(settings.output), _run(settings), str(uuid.uuid4()))
        except InvalidRun as refused:
            sys.exit(str(refused))
    spark = SparkSession.builder.appName("prepare-corpus").getOrCreate()
    try:
        published = prepare(spark, settings)
    finally:
        spark.stop()
    if settings.leave_open == "yes":
        sys.stdout.write(f'{{"run_id": "{settings.run_id}", "published": {str(published).lower()}}}\n')
        return
    report = _run(settings).close(storage_at(settings.output))
    sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
    sys.exit(0 if published else 2)


if __name__ == "__main__":
    main()
