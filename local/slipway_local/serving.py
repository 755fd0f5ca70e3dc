"""Serve a WSGI application on loopback, for as long as a block runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from wsgiref.types import WSGIApplication

from werkzeug.serving import make_server

from slipway_local.keep_alive import KeepAliveHandler


@contextmanager
def serve(app: WSGIApplication, *, port: int = 0) -> Iterator[str]:
    """Serve `app` in threads on localhost and yield its URL, without a trailing slash.

    `port` 0 takes a free one. Leaving the block stops the server and waits for the requests in progress.
    Raises: OSError if the port is taken.
    """
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=KeepAliveHandler)
    server.daemon_threads = True  # type: ignore[attr-defined]  # a kept-alive client must not hold up the end
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
