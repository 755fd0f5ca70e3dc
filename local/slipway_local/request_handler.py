"""How the daemon reads requests and writes answers."""

from moto.moto_server.werkzeug_app import MotoRequestHandler


class RequestHandler(MotoRequestHandler):  # type: ignore[misc]  # moto's, because S3 metadata headers may hold underscores
    """Sends each answer in one write without delay, and logs nothing but errors."""

    wbufsize = 65536
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        """Serve one request; tell a client that asks first to go on, which boto3 does before each S3 upload.

        werkzeug does so too, but into the buffer, and boto3 would wait a second for it.
        """
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.flush()
            del self.headers["Expect"]
        super().run_wsgi()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing."""
