"""Which operation of which AWS service a request asks for, by botocore's models.

Services are named as botocore and the AWS CLI name them (`bedrock-runtime`, `stepfunctions`), operations as the API
references do (`InvokeModel`). moto's router matches a request with one service's model; what it lacks is the step
before: several services sign with the same name (`bedrock`, `dynamodb`, `sagemaker`, `apigateway`).
Source: https://smithy.io/2.0/aws/protocols/index.html
"""

import contextlib
import functools
import gzip
import io
import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from slipway_local.signature import signature_of

FORM = "application/x-www-form-urlencoded"
_HEAD_BYTES = 3000  # a model begins with its metadata
_SIGNING_NAME = re.compile(rb'"signingName"\s*:\s*"([^"]+)"')
_ENDPOINT_PREFIX = re.compile(rb'"endpointPrefix"\s*:\s*"([^"]+)"')


def form_of(environ: dict[str, Any]) -> bytes:
    """Return the body of a form request, which names its operation there, and leave it to be read again; else b""."""
    if not environ.get("CONTENT_TYPE", "").startswith(FORM):
        return b""
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


class Operation(NamedTuple):
    """An operation of a service: botocore's model of it, and what stands in the path for the model's labels."""

    service: str
    model: Any
    labels: Mapping[str, str]


def operation_of(environ: Mapping[str, Any], body: bytes) -> Operation | None:
    """Return the operation that a request asks for; None if it is none of botocore's.

    Only the body of a form request is looked at (`form_of`); nothing is read from the request itself.
    """
    signature = signature_of(environ)
    name = signature.service if signature else _unsigned(environ)
    return next(filter(None, (_match(one, environ, body) for one in signed_with().get(name or "", ()))), None)


@functools.cache
def signed_with() -> dict[str, tuple[str, ...]]:
    """Return the services by the name they sign with; the one of that very name first."""
    import botocore

    found: dict[str, list[str]] = defaultdict(list)
    for folder in (Path(botocore.__file__).parent / "data").iterdir():
        models = sorted(folder.glob("*/service-2.json*"))
        if models:
            found[_signing_name(models[-1])].append(folder.name)
    # Every path of s3control begins as no bucket may, and any path could be S3's: so S3 is asked last.
    return {
        name: tuple(sorted(services, key=lambda one: (one == "s3", one != name, one)))
        for name, services in found.items()
    }


def prepare(service: str) -> None:
    """Read the models that requests to a service are compared with, so that its first request need not wait for it."""
    from moto.core.routing import get_service_router

    for names in signed_with().values():
        for name in names if service in names else ():
            with contextlib.suppress(NotImplementedError):  # another protocol
                get_service_router(name)


def _signing_name(model: Path) -> str:
    with gzip.open(model) if model.suffix == ".gz" else model.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    match = _SIGNING_NAME.search(head) or _ENDPOINT_PREFIX.search(head)
    if match is None:
        raise ValueError(f"{model} does not begin with metadata")
    return match[1].decode().lower()


def _unsigned(environ: Mapping[str, Any]) -> str | None:
    """Return the service of a request that needs no signature, such as a sign-in to a user pool."""
    from moto.moto_server.werkzeug_app import UNSIGNED_REQUESTS

    known = UNSIGNED_REQUESTS.get(environ.get("HTTP_X_AMZ_TARGET", "").split(".")[0])
    return str(known[0]) if known else None


def _match(service: str, environ: Mapping[str, Any], body: bytes) -> Operation | None:
    from moto.core.request import Request
    from moto.core.routing import get_service_router
    from moto.core.utils import get_service_model
    from werkzeug.exceptions import HTTPException

    version = parse_qs(body.decode("latin-1")).get("Version") if body else None
    if version and version[0] != get_service_model(service).api_version:
        return None  # elb and elbv2 have operations of the same names
    try:
        request = Request({**environ, "wsgi.input": io.BytesIO(body)})
        return Operation(service, *get_service_router(service).match(request))
    except (HTTPException, NotImplementedError):  # no such operation, or another protocol
        return None
