"""How the daemon reads requests and writes answers."""

from moto.moto_server.werkzeug_app import MotoRequestHandler

from slipway_local.keep_alive import KeepAliveHandler


class RequestHandler(KeepAliveHandler, MotoRequestHandler):  # type: ignore[misc]  # moto types nothing here
    """moto's, because S3 metadata headers may hold underscores, on connections that are kept."""
