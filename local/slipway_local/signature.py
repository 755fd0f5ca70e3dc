"""Who signed a request, for which service: read from the header or the presigned query, never verified.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

_SCOPE = re.compile(r"Credential=([^/,\s&]+)/\d{8}/([^/]*)/([^/]+)/aws4_request")
_QUERY_KEY = re.compile(r"(?:^|&)AWSAccessKeyId=([^&]+)")


class Signature(NamedTuple):
    """The credential scope of a signature; `service` is the name that services sign with, in lower case."""

    access_key_id: str
    region: str
    service: str


def signature_of(environ: Mapping[str, Any]) -> Signature | None:
    """Return the signature of a signed or presigned request, None for an unsigned one."""
    found = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    if found is None and environ.get("QUERY_STRING"):
        query = unquote(environ["QUERY_STRING"])
        found = _SCOPE.search(query)
        if found is None and (key := _QUERY_KEY.search(query)):  # signature version 2, of S3 alone
            return Signature(key[1], "us-east-1", "s3")
    return Signature(found[1], found[2], found[3].lower()) if found else None
