"""A local cloud with the corpus on, and what its runs wrote."""

import contextlib
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from slipway_cli.target import Target
from slipway_local import cloud
from slipway_local.glue import runtime
from slipway_runtime.corpus.storage import Bucket
from support import trial
from support.corpus import RULES, Case

SETTINGS = f"""
removal: destroy
termination_protection: false
ingestion:
  max_document_megabytes: 1
  ocr: OCR
  rules: {json.dumps(RULES["default"])}
  sources: {json.dumps(RULES["sources"])}
  near_duplicates: {{enabled: SEARCHED}}
  corpus: {{map: true, batch_documents: BATCH, spark: glue, workers: 2, catalogue: true}}
  streaming: {{tenants: [acme]}}
"""


def has_java() -> bool:
    """Return whether Glue jobs run here. Spark itself is installed when the first one starts."""
    try:
        runtime.java_home()
    except runtime.NoJavaError:
        return False
    return True


@contextlib.contextmanager
def corpus_cloud(
    folder: Path, *, batch_documents: int, near_duplicates: bool = False, ocr: str = "none"
) -> Iterator[Target]:
    """Bring up an environment with policies enforced, and take it down."""
    settings = SETTINGS.replace("BATCH", str(batch_documents)).replace("OCR", ocr)
    target = trial.up(folder, settings.replace("SEARCHED", str(near_duplicates).lower()))
    try:
        yield target
    finally:
        cloud.down(folder / "state")


def bucket(target: Target, name: str) -> Bucket:
    """Return one of the foundation's buckets."""
    return Bucket(client=target.client("s3"), name=target.parameter(f"foundation/{name}-bucket-name"))


def upload(target: Target, cases: Sequence[Case]) -> None:
    """Put the objects, in their order but for those that are put at the same moment."""
    raw = bucket(target, "raw")
    with ThreadPoolExecutor(4) as several:
        list(several.map(lambda case: raw.write(case.key, case.data), cases))


def lines(target: Target, folder: str, run_id: str) -> list[bytes]:
    """Return the lines that a run wrote, sorted: how they are divided among objects is the engine's affair."""
    curated = bucket(target, "curated")
    keys = [key for key in curated.keys(f"{folder}/") if f"/run={run_id}/" in key]
    found = [curated.read(key, 10**9) for key in keys]
    return sorted(line for one in found if one for line in one.data.splitlines(keepends=True))
