"""Whether a request to a collection is signed as the service wants it: Signature Version 4, body hash, no length.

Sources: https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-clients.html (Signing HTTP
requests), https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from typing import Any

from slipway_local.opensearch.errors import forbidden

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/,\s]+)/(\d{8})/([^/]+)/aoss/aws4_request, ?"
    r"SignedHeaders=([^,\s]+), ?Signature=([0-9a-f]{64})"
)
# The secret key and session token of an access key; None for an unknown one.
Secrets = Callable[[str], tuple[str, str | None] | None]


def check(environ: Mapping[str, Any], body: bytes, secrets: Secrets) -> str:
    """Return the access key that signed the request. Raises: OpenSearchError 403 that says what is wrong with it."""
    match = AUTHORIZATION.fullmatch(environ.get("HTTP_AUTHORIZATION", ""))
    if match is None:
        raise forbidden("the request is not signed with Signature Version 4 for the service aoss")
    access_key, _, region, names, signature = match.groups()
    signed = names.split(";")
    if "content-length" in signed:
        raise forbidden("content-length is among the signed headers, which OpenSearch Serverless does not take")
    digest = environ.get("HTTP_X_AMZ_CONTENT_SHA256", "")
    if "x-amz-content-sha256" not in signed or digest != hashlib.sha256(body).hexdigest():
        raise forbidden("x-amz-content-sha256 is not signed, or is not the hash of the body")
    held = secrets(access_key)
    if held is None or (held[1] and environ.get("HTTP_X_AMZ_SECURITY_TOKEN") != held[1]):
        raise forbidden("the security token included in the request is invalid")
    if not hmac.compare_digest(signature, _signature(environ, body, signed, (access_key, *held), region)):
        raise forbidden("the request signature does not match the signature that the service calculated")
    return access_key


def _signature(
    environ: Mapping[str, Any], body: bytes, signed: list[str], keys: tuple[str, str, str | None], region: str
) -> str:
    """Return the signature as botocore makes it of the headers that the client signed."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    headers = {name: _header(environ, name) for name in signed}
    url = f"http://{environ.get('HTTP_HOST')}{environ.get('RAW_URI') or environ['PATH_INFO']}"
    request = AWSRequest(method=environ["REQUEST_METHOD"], url=url, data=body, headers=headers)
    request.context["timestamp"] = environ.get("HTTP_X_AMZ_DATE", "")
    signer = SigV4Auth(Credentials(*keys), "aoss", region)
    return str(signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request))


def _header(environ: Mapping[str, Any], name: str) -> str:
    key = name.upper().replace("-", "_")
    return str(environ.get(key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}", ""))
