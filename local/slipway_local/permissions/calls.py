"""What a request asks for: service, operation and parameters, by botocore's models and moto's router and parsers."""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slipway_local.operations import Operation, form_of, operation_of, signed_with
from slipway_local.signature import Signature

COLLECTION = re.compile(r"/_aoss/([^/]+)")

# Names in policies that differ from those in the signature.
PREFIXES = {"monitoring": "cloudwatch"}


class UnknownCallError(Exception):
    """The emulator does not know which action or resource a call is about; the message says what it does not know."""


class RefusedCallError(Exception):
    """A call that no policy can allow; the message says so in AWS's words where AWS refuses it too."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request as IAM sees it; `prefix` is the service's name in policies, `model` botocore's of the operation."""

    prefix: str
    operation: str
    parameters: Mapping[str, Any]
    model: Any
    region: str
    account: str
    partition: str

    def arn(self, resource: str, *, service: str | None = None) -> str:
        """Return the ARN of a regional resource of this account."""
        return f"arn:{self.partition}:{service or self.prefix}:{self.region}:{self.account}:{resource}"


def read(environ: dict[str, Any], signature: Signature, account: str, partition: str) -> Call:
    """Return the call that a request makes. Raises UnknownCallError if it is none that botocore knows."""
    service = signature.service
    if service == "aoss" and (collection := COLLECTION.match(environ["PATH_INFO"])):
        # The endpoint of a collection, which no model describes: one action allows all of it.
        return Call(
            prefix=service, operation="APIAccessAll", parameters={"collectionId": collection[1]}, model=None,
            region=signature.region, account=account, partition=partition,
        )  # fmt: skip
    if service == "sagemaker" and (app := environ.get("HTTP_X_SM_MLFLOW_APP_ARN")):
        # The whole API of an MLflow App, which no model describes either.
        return Call(
            prefix=service, operation="CallMlflowAppApi", parameters={"Arn": app}, model=None,
            region=signature.region, account=account, partition=partition,
        )  # fmt: skip
    found = operation_of(environ, form_of(environ))
    if found is None and service not in signed_with():
        raise UnknownCallError(f"the service {service}")
    if found is None:
        raise UnknownCallError(f"the operation {service} {environ.get('HTTP_X_AMZ_TARGET') or environ['PATH_INFO']}")
    return Call(
        prefix=PREFIXES.get(service, service), operation=found.model.name, parameters=_parameters(environ, found),
        model=found.model, region=signature.region, account=account, partition=partition,
    )  # fmt: skip


def _parameters(environ: dict[str, Any], asked: Operation) -> dict[str, Any]:
    from moto.core.parse import PROTOCOL_PARSERS
    from moto.core.request import Request, determine_request_protocol

    request = Request(_replayable(environ, asked.service))
    try:
        protocol = determine_request_protocol(asked.model.service_model, request.content_type)
    except NotImplementedError as error:
        raise UnknownCallError(f"the protocol of a request to {asked.service} ({error})") from None
    parsed = PROTOCOL_PARSERS[protocol](asked.model, map_type=dict).parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": request.get_data() if _reads_body(environ, asked.service) else b"",
            "url_path": request.path,
            "url_params": asked.labels,
        }
    )
    return {name: value for name, value in parsed.items() if value is not None}


def _reads_body(environ: Mapping[str, Any], service: str) -> bool:
    """An object's content says nothing about permissions and may be large; the keys of DeleteObjects do."""
    return service != "s3" or (environ["REQUEST_METHOD"] == "POST" and "delete" in environ.get("QUERY_STRING", ""))


def _replayable(environ: dict[str, Any], service: str) -> dict[str, Any]:
    """Keep the body in memory, so that the application behind reads it again. Returns the environ to read from."""
    if not _reads_body(environ, service):
        return {**environ, "wsgi.input": io.BytesIO(), "CONTENT_LENGTH": "0"}
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return {**environ, "wsgi.input": io.BytesIO(body)}
