"""What a request asks for: service, operation and parameters, by botocore's models and moto's router and parsers."""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

SCOPE = re.compile(r"Credential=([^/,\s&]+)/\d{8}/([^/]*)/([^/]+)/aws4_request")
COLLECTION = re.compile(r"/_aoss/([^/]+)")
QUERY_KEY = re.compile(r"(?:^|&)AWSAccessKeyId=([^&]+)")

# Names in the signature whose operations lie in models of other names.
MODELS: Mapping[str, tuple[str, ...]] = {
    "aoss": ("opensearchserverless",),
    "bedrock": ("bedrock-runtime", "bedrock", "bedrock-agent-runtime", "bedrock-agent"),
    "cognito-idp": ("cognito-idp",),
    "dynamodb": ("dynamodb", "dynamodbstreams"),
    "monitoring": ("cloudwatch",),
    "sagemaker": ("sagemaker", "sagemaker-runtime"),
    "states": ("stepfunctions",),
}
# Names in policies that differ from those in the signature.
PREFIXES = {"monitoring": "cloudwatch"}


class UnknownCallError(Exception):
    """The emulator does not know which action or resource a call is about; the message says what it does not know."""


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


def signer(environ: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """Return access key, region and service of a signed or presigned request, None for an unsigned one."""
    query = unquote(environ.get("QUERY_STRING", ""))
    found = SCOPE.search(environ.get("HTTP_AUTHORIZATION", "")) or SCOPE.search(query)
    if found:
        return found[1], found[2], found[3].lower()
    presigned = QUERY_KEY.search(query)  # signature version 2, of S3 alone
    return (presigned[1], "us-east-1", "s3") if presigned else None


def read(environ: dict[str, Any], service: str, region: str, account: str, partition: str) -> Call:
    """Return the call that a request makes. Raises UnknownCallError if it is none that botocore knows."""
    from moto.core.request import Request
    from werkzeug.exceptions import NotFound

    request = Request(_replayable(environ, service))
    if service == "aoss" and (collection := COLLECTION.match(request.path)):
        # The endpoint of a collection, which no model describes: one action allows all of it.
        parameters = {"collectionId": collection[1]}
        return Call(
            prefix=service, operation="APIAccessAll", parameters=parameters, model=None,
            region=region, account=account, partition=partition,
        )  # fmt: skip
    for name in MODELS.get(service, (service,)):
        try:
            model, parameters = _match(name, request, reads_body=_reads_body(environ, service))
        except NotFound:
            continue
        return Call(
            prefix=PREFIXES.get(service, service), operation=model.name, parameters=parameters, model=model,
            region=region, account=account, partition=partition,
        )  # fmt: skip
    raise UnknownCallError(f"the operation {service} {request.headers.get('X-Amz-Target') or request.path}")


def _match(name: str, request: Any, *, reads_body: bool) -> tuple[Any, dict[str, Any]]:
    from botocore.exceptions import UnknownServiceError
    from moto.core.parse import PROTOCOL_PARSERS
    from moto.core.request import determine_request_protocol
    from moto.core.routing import get_service_router
    from moto.core.utils import get_service_model

    try:
        model, labels = get_service_router(name).match(request)
        protocol = determine_request_protocol(get_service_model(name), request.content_type)
    except UnknownServiceError:
        raise UnknownCallError(f"the service {name}") from None
    except NotImplementedError as error:
        raise UnknownCallError(f"the protocol of a request to {name} ({error})") from None
    parsed = PROTOCOL_PARSERS[protocol](model, map_type=dict).parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": request.get_data() if reads_body else b"",
            "url_path": request.path,
            "url_params": labels,
        }
    )
    return model, {name: value for name, value in parsed.items() if value is not None}


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
