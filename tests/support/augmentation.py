"""An environment with augmentation in the local cloud, and documents in it."""

from pathlib import Path
from typing import Any

from slipway_cli.target import Target
from slipway_runtime.operate.curated import object_key
from slipway_runtime.prepare.keys import document_id
from support import trial
from support.waiting import wait_for

SETTINGS = """
removal: destroy
termination_protection: false
models: {default: {grounded: true, routes: [{bedrock: 'eu.amazon.nova-lite-v1:0'}]}}
ingestion:
  rules: {redact: {kinds: [email, card]}}
augmentation:
  enabled: true
"""
PUMP = """# The pump

The pump in hall three moves forty litres of water in a minute. Its filter is cleaned by the night shift on Mondays.
The seal of the pump lasts two years, and a spare one lies in the cabinet beside the door. Dr. Weber approved the
schedule on 12 May 2026 for all of the pumps.
"""
LAMP = """# The lamp

The lamp over the bench burns for nine thousand hours before its tube is changed. A yellow light says that the cover is
open, and then the lamp does not start. The electrician keeps the list of all lamps in the workshop, and Maria Rossi
signs it every spring.
"""
BALE = """# Die Ballenpresse

Die Presse in der Halle wird von der Frühschicht geölt, und das Öl ist im grünen Schrank neben der Tür. Der Riemen ist
nach drei Jahren zu wechseln. Wenn die rote Lampe leuchtet, ist die Klappe nicht geschlossen und die Presse steht still.
"""
DOCUMENTS = {
    "acme/manual/pump.md": PUMP,
    "acme/manual/pump-copy.md": PUMP.replace("# The pump", "# A copy of the pump"),
    "acme/manual/lamp.md": LAMP,
    "acme/manual/bale.md": BALE,
}


def up(folder: Path, more: str, **options: Any) -> Target:
    """Bring up the environment `trial` with `more` lines of settings of augmentation; `down` ends it."""
    return trial.up(folder, SETTINGS + more, **options)


def ingest(target: Target, documents: dict[str, str]) -> None:
    """Put documents into the raw bucket and wait until each is curated."""
    s3, raw = target.client("s3"), target.parameter("foundation/raw-bucket-name")
    curated = target.parameter("foundation/curated-bucket-name")
    for key, text in documents.items():
        s3.put_object(Bucket=raw, Key=key, Body=text.encode())
    wanted = {object_key(key.split("/")[0], document_id(key)) for key in documents}

    def done() -> bool:
        listed = s3.list_objects_v2(Bucket=curated).get("Contents", [])
        return wanted <= {entry["Key"] for entry in listed}

    assert wait_for(done, seconds=120)


def lines(target: Target, key: str) -> list[bytes]:
    """Return the lines of an object of the artifacts bucket."""
    bucket = target.parameter("foundation/artifacts-bucket-name")
    body: bytes = target.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return body.splitlines(keepends=True)
