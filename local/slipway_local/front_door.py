"""The one port: looks at each request and hands it to the application that serves it."""

import re
import threading
from collections.abc import Callable, Iterable
from typing import Any

from slipway_local.signature import signature_of

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]
Layer = Callable[[dict[str, Any], Any, Application], Iterable[bytes]]


class FrontDoor:
    """A WSGI application of applications: by path prefix, then by a pattern of the whole path, then by service.

    Everything else is moto's. A service is known by the signature.
    """

    def __init__(self) -> None:
        self._layered: Application = self._serve
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
        return self._layered(environ, start_response)

    def add_layer(self, layer: Layer) -> None:
        """Put a layer before the services and the layers so far; it gets each request and what would serve it."""
        within = self._layered
        self._layered = lambda environ, start_response: layer(environ, start_response, within)

    def _serve(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        signature = signature_of(environ)
        service = self.by_service.get(signature.service, self.moto) if signature else self.moto
        return service(environ, start_response)

    def moto(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Serve one request by moto."""
        return self._moto_application()(environ, start_response)

    def _moto_application(self) -> Application:
        with self._lock:
            if self._moto is None:
                from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

                self._moto = DomainDispatcherApplication(create_backend_app)
            return self._moto
