"""Object keys: which tenant and which document a key means."""

import hashlib
import re
from dataclasses import dataclass

from slipway_runtime.prepare.rejected import Rejected

MAX_KEY_BYTES = 1024
TENANT = re.compile(r"[a-z0-9-]{1,64}\Z")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# What Firehose could not process lies here, beside the documents; no tenant has such a name.
SET_ASIDE = "_stream-errors/"
NOWHERE = "(no tenant)"  # whose what has no valid tenant is
EXPECTED = (
    "expected <tenant>/<path>, where the tenant is 1 to 64 of a-z, 0-9 and '-'; upload the document under such a key"
)


@dataclass(frozen=True, kw_only=True)
class DocumentKey:
    """The document that an object key names. The path is a label: it is never used as a file-system path."""

    tenant: str
    path: str

    @property
    def document_id(self) -> str:
        """Return the id, the same for every version of the object: "doc_" and 32 hex digits."""
        return document_id(f"{self.tenant}/{self.path}")


def document_id(key: str) -> str:
    """Return the document id of an object key, valid or not."""
    return "doc_" + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def described(key: str) -> tuple[str, str]:
    """Return tenant and path that an object key names, also of one that is no valid key; the path is never empty."""
    tenant, _, path = key.partition("/")
    return (tenant, path) if path and TENANT.match(tenant) else (NOWHERE, key)


def is_no_document(key: str, size_bytes: int) -> bool:
    """Return whether an object is not meant as a document: an empty one that marks a folder, or what is set aside."""
    return key.startswith(SET_ASIDE) or (key.endswith("/") and not size_bytes)


def parse_key(key: str) -> DocumentKey:
    """Return the tenant and path of an object key.

    Raises: Rejected("invalid_key") for a key without a tenant, with an empty, '.' or '..' segment, with control
    characters, or longer than S3's 1,024 bytes.
    """
    if CONTROL.search(key):
        raise Rejected("invalid_key", f"the key holds control characters; {EXPECTED}")
    if len(key.encode()) > MAX_KEY_BYTES:
        raise Rejected("invalid_key", f"the key is longer than {MAX_KEY_BYTES} bytes; {EXPECTED}")
    tenant, separator, path = key.partition("/")
    if not separator or not TENANT.match(tenant):
        raise Rejected("invalid_key", f"the key has no valid tenant; {EXPECTED}")
    if any(segment in ("", ".", "..") for segment in path.split("/")):
        raise Rejected("invalid_key", f"the path has an empty, '.' or '..' segment; {EXPECTED}")
    return DocumentKey(tenant=tenant, path=path)
