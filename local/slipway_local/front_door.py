"""The one port: looks at each request and hands it to the application that serves it.

AWS requests name their service in the signature's credential scope.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
"""

import re
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]
Layer = Callable[[dict[str, Any], Any, Application], Iterable[bytes]]
SCOPE = re.compile(r"Credential=[^/,\s&]+/\d{8}/([^/]*)/([^/]+)/aws4_request")


def service_of(environ: Mapping[str, Any]) -> str | None:
    """Return the service that a request is signed for, by header or presigned query; None when it is unsigned."""
    authorization = environ.get("HTTP_AUTHORIZATION", "")
    query = unquote(environ.get("QUERY_STRING", ""))
    match = SCOPE.search(authorization) or SCOPE.search(query)
    return match[2].lower() if match else None


class FrontDoor:
    """A WSGI application of applications: by path prefix, then by a pattern of the whole path, then by service.

    Everything else is moto's. `layers` stand before the services, the first outermost: each gets the request and what
    would serve it.
    """

    def __init__(self) -> None:
        self.layers: list[Layer] = []
        self.by_prefix: dict[str, Application] = {}
        self.by_pattern: dict[re.Pattern[str], Application] = {}
        self.by_service: dict[str, Application] = {}
        self._moto: Application | None = None
        self._lock = threading.Lock()
        self.changes = 0  # requests that may have changed something; nobody needs the last of two at once

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Serve one request."""
        path = environ.get("PATH_INFO", "")
        for prefix, application in self.by_prefix.items():
            if path.startswith(prefix):
                return application(environ, start_response)
        for pattern, application in self.by_pattern.items():
            if pattern.fullmatch(path):
                return application(environ, start_response)
        self.changes += environ["REQUEST_METHOD"] not in ("GET", "HEAD")
        serve: Application = self._serve
        for layer in reversed(self.layers):
            serve = _within(layer, serve)
        return serve(environ, start_response)

    def _serve(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        service = service_of(environ)
        if service in self.by_service:
            return self.by_service[service](environ, start_response)
        return self.moto(environ, start_response)

    def moto(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Serve one request by moto."""
        return self._moto_application()(environ, start_response)

    def _moto_application(self) -> Application:
        with self._lock:
            if self._moto is None:
                from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

                self._moto = DomainDispatcherApplication(create_backend_app)
            return self._moto


def _within(layer: Layer, service: Application) -> Application:
    return lambda environ, start_response: layer(environ, start_response, service)
