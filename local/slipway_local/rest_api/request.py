"""One request to a REST API, and the event that a proxied function gets for it.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html (format 1.0)
"""

import base64
import time
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

PREFIX = "/_aws/execute-api/"
PAYLOAD_LIMIT_BYTES = 10 * 1024 * 1024


@dataclass(kw_only=True)
class ApiRequest:
    """A request, taken apart."""

    api_id: str
    stage: str
    path: str
    method: str
    headers: dict[str, str]
    query: dict[str, list[str]]
    body: bytes
    source_ip: str
    too_large: bool = False
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    received: float = field(default_factory=time.time)

    @classmethod
    def read(cls, environ: dict[str, Any]) -> "ApiRequest":
        """Take a request apart; a body over the limit is not read to its end."""
        # WSGI hands over paths as latin-1 text of the UTF-8 bytes.
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace").removeprefix(PREFIX)
        api_id, _, rest = path.partition("/")
        stage, _, rest = rest.partition("/")
        length = int(environ.get("CONTENT_LENGTH") or 0)
        too_large = length > PAYLOAD_LIMIT_BYTES
        # Without a length only a chunked body has an end; of anything else a read would wait for ever.
        to_read = -1 if environ.get("wsgi.input_terminated") else length
        body = b"" if too_large else environ["wsgi.input"].read(to_read)
        return cls(
            api_id=api_id,
            stage=stage,
            path=f"/{rest}",
            method=environ["REQUEST_METHOD"],
            headers=_headers(environ),
            query=parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True),
            body=body,
            source_ip=environ.get("REMOTE_ADDR", "127.0.0.1"),
            too_large=too_large,
        )

    def header(self, name: str) -> str | None:
        """Return a header whatever its case."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), None)

    def event(self, match: "Match", account: str, authorizer: dict[str, Any] | None, variables: Any) -> dict[str, Any]:
        """Return the event for an AWS_PROXY integration."""
        text, encoded = self._text(match.binary_types)
        return {
            "resource": match.resource_path,
            "path": self.path,
            "httpMethod": self.method,
            "headers": self.headers or None,
            "multiValueHeaders": {key: [value] for key, value in self.headers.items()} or None,
            "queryStringParameters": {key: values[-1] for key, values in self.query.items()} or None,
            "multiValueQueryStringParameters": self.query or None,
            "pathParameters": match.path_parameters or None,
            "stageVariables": dict(variables) or None,
            "requestContext": self._context(match, account, authorizer),
            "body": text,
            "isBase64Encoded": encoded,
        }

    def _context(self, match: "Match", account: str, authorizer: dict[str, Any] | None) -> dict[str, Any]:
        context = {
            "accountId": account,
            "apiId": self.api_id,
            "domainName": self.header("Host") or "localhost",
            "extendedRequestId": self.request_id[:16],
            "httpMethod": self.method,
            "identity": {"sourceIp": self.source_ip, "userAgent": self.header("User-Agent")},
            "path": f"/{self.stage}{self.path}",
            "protocol": "HTTP/1.1",
            "requestId": self.request_id,
            "requestTime": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(self.received)),
            "requestTimeEpoch": int(self.received * 1000),
            "resourceId": match.resource_id,
            "resourcePath": match.resource_path,
            "stage": self.stage,
        }
        return context | ({"authorizer": authorizer} if authorizer is not None else {})

    def _text(self, binary_types: list[str]) -> tuple[str | None, bool]:
        if not self.body:
            return None, False
        kind = (self.header("Content-Type") or "application/json").split(";")[0].strip()
        if "*/*" in binary_types or kind in binary_types:
            return base64.b64encode(self.body).decode(), True
        return self.body.decode("utf-8", "replace"), False


@dataclass(frozen=True, kw_only=True)
class Match:
    """The resource that a path leads to, and its parameters."""

    resource_id: str
    resource_path: str
    path_parameters: dict[str, str]
    methods: Any
    binary_types: list[str]


def match(api: Any, path: str) -> Match | None:
    """Find the resource for a path: fixed segments win over {parameters}, those over {greedy+} ones."""
    found = []
    for resource in api.resources.values():
        template = resource.get_path()
        parameters = _parameters(template, path)
        if parameters is not None:
            ranking = [(2 if part.endswith("+}") else part.startswith("{")) for part in template.strip("/").split("/")]
            found.append((ranking, template, resource, parameters))
    if not found:
        return None
    _, template, resource, parameters = min(found, key=lambda one: [int(rank) for rank in one[0]])
    return Match(
        resource_id=resource.id,
        resource_path=template,
        path_parameters=parameters,
        methods=resource.resource_methods,
        binary_types=list(getattr(api, "binaryMediaTypes", None) or []),
    )


def _parameters(template: str, path: str) -> dict[str, str] | None:
    wanted, given = template.strip("/").split("/"), path.strip("/").split("/")
    parameters: dict[str, str] = {}
    for number, part in enumerate(wanted):
        if part.endswith("+}"):
            rest = "/".join(given[number:])
            return {**parameters, part[1:-2]: rest} if rest else None
        if number >= len(given):
            return None
        if part.startswith("{"):
            if not given[number]:
                return None
            parameters[part[1:-1]] = unquote(given[number])
        elif part != given[number]:
            return None
    return parameters if len(wanted) == len(given) else None


def _headers(environ: dict[str, Any]) -> dict[str, str]:
    """Return the headers, each word capitalised: WSGI does not keep their case."""
    headers = {name[5:].replace("_", "-").title(): value for name, value in environ.items() if name.startswith("HTTP_")}
    if environ.get("CONTENT_TYPE"):
        headers["Content-Type"] = environ["CONTENT_TYPE"]
    return headers
