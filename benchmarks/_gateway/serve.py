"""Our function behind a bare HTTP server, as LiteLLM's proxy is one: `python serve.py STUB_URL` prints its port."""

import sys
from http.server import ThreadingHTTPServer

from _gateway.function import call, prepare
from _gateway.stub import Stub


class Gateway(Stub):
    """Hands bodies to the function."""

    def do_POST(self) -> None:  # noqa: N802 - the name is the server's
        """Answer."""
        answer = call("counted", self.rfile.read(int(self.headers["Content-Length"])).decode())
        body = answer["body"].encode()
        self.send_response(answer["statusCode"])
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


if __name__ == "__main__":
    sys.stdout, out = sys.stderr, sys.stdout  # the function's log is not what the parent reads
    prepare(sys.argv[1])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    server.daemon_threads = True
    print(server.server_address[1], file=out, flush=True)
    server.serve_forever()
