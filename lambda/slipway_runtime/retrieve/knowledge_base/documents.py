"""The documents of a knowledge base: a text for each curated document, and beside it what it is filtered by.

Bedrock reads no JSON, which the curated bucket holds, so that the text is copied out of it: `<prefix><tenant>/
<document_id>.txt` and `….txt.metadata.json`, which Bedrock keeps with each of its chunks.
Source: Amazon Bedrock user guide, "Prerequisites for your knowledge base data" (formats; metadata of 10 KB).
"""

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from slipway_runtime.operate.curated import Curated
from slipway_runtime.prepare.curate import CuratedDocument
from slipway_runtime.retrieve.filters import Attribute

PREFIX = "knowledge_base/"
SIDECAR = ".metadata.json"


@dataclass(frozen=True, kw_only=True)
class Documents:
    """Writes to the bucket of the curated documents, below a prefix of its own."""

    client: Any
    bucket: str

    def bring(self, tenant: str, document_id: str) -> bool:
        """Bring a document's text to what the curated one is now; False where there is none, and it was removed."""
        held = Curated(client=self.client, bucket=self.bucket).get(tenant, document_id)
        key = text_key(tenant, document_id)
        if held is None or not held.text.strip():
            self.client.delete_objects(
                Bucket=self.bucket, Delete={"Objects": [{"Key": key}, {"Key": key + SIDECAR}], "Quiet": True}
            )
            return False
        # First what keeps tenants apart: a text that were read without it would be nobody's, and found by nobody.
        sidecar = json.dumps({"metadataAttributes": metadata(held)}, ensure_ascii=False)
        self.client.put_object(
            Bucket=self.bucket, Key=key + SIDECAR, Body=sidecar.encode(), ContentType="application/json"
        )
        self.client.put_object(Bucket=self.bucket, Key=key, Body=held.text.encode(), ContentType="text/plain")
        return True


def metadata(document: CuratedDocument) -> dict[str, Attribute]:
    """Return what a document's chunks are filtered by. A list of nothing is as if it were not there."""
    own = {name: value for name, value in document.attributes.items() if value != []}
    return {**own, "tenant": document.tenant, "document_id": document.document_id, "path": document.path}


def text_key(tenant: str, document_id: str) -> str:
    """Return where a document's text is."""
    return f"{PREFIX}{tenant}/{document_id}.txt"


def curated_names(key: str) -> tuple[str, str] | None:
    """Return (tenant, document id) of the key of a curated document, None for any other key."""
    with suppress(ValueError):
        folder, tenant, name = key.split("/")
        if folder == "curated" and tenant and name.endswith(".json"):
            return tenant, name.removesuffix(".json")
    return None
