"""A connection that ends before the body does is an error of the client, never a shorter document.

https://datatracker.ietf.org/doc/html/rfc9112#section-8: a message whose body is shorter than its Content-Length is
incomplete.
"""

import socketserver
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError

from slipway_runtime.corpus.storage import Bucket
from slipway_runtime.labelling.sources import Files
from slipway_runtime.operate.augmentation_runs import Run
from slipway_runtime.operate.curated import Curated
from slipway_runtime.operate.objects import Objects, ObjectVersion
from support.served import client

VERSION = ObjectVersion(bucket="b", key="k", version_id="1", etag="e", size_bytes=20)
READERS: dict[str, Callable[[Any], object]] = {
    "Objects.read": lambda s3: Objects(client=s3).read(VERSION, 100),
    "Curated.get": lambda s3: Curated(client=s3, bucket="b").get("acme", "d1"),
    "Bucket.read": lambda s3: Bucket(client=s3, name="b").read("k", 100),
    "Bucket.read_part": lambda s3: Bucket(client=s3, name="b").read_part("k", 0, 20),
    "Run.outcome": lambda s3: Run(client=s3, bucket="b", prefix="acme/", run_id="r").outcome("d1"),
    "Files.read": lambda s3: Files(client=s3, artifacts="b", curated="c").read("k"),
}


class CutShort(socketserver.StreamRequestHandler):
    """Promises 20 bytes, sends 10 and hangs up."""

    def handle(self) -> None:
        while self.rfile.readline().strip():
            pass
        self.wfile.write(
            b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\nLast-Modified: Sat, 21 Nov 2026 16:00:00 GMT\r\n\r\nfirst half"
        )


@pytest.fixture(scope="module")
def cutting() -> Iterator[Any]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), CutShort) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield client("s3", f"http://127.0.0.1:{server.server_address[1]}")
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("reader", READERS)
def test_a_body_that_is_cut_off_is_an_error_of_the_client(cutting: Any, reader: str) -> None:
    with pytest.raises(BotoCoreError, match="10"):
        READERS[reader](cutting)
