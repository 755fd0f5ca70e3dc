"""An MLflow server: its application behind a small HTTP server on loopback. Ends when its standard input does.

    python program.py --port PORT --data FOLDER --artifacts s3://BUCKET/PREFIX

`mlflow server` itself starts three processes more, for jobs that nobody has asked for.
Source: https://mlflow.org/docs/latest/self-hosting/architecture/tracking-server/
"""

import argparse
import os
import sys
import threading


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--artifacts", required=True)
    given = parser.parse_args()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    store = f"sqlite:///{given.data}/mlflow.db"
    os.environ |= {
        "_MLFLOW_SERVER_FILE_STORE": store,
        "_MLFLOW_SERVER_REGISTRY_STORE": store,
        "_MLFLOW_SERVER_ARTIFACT_ROOT": given.artifacts,
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
    }
    from mlflow.server import app
    from werkzeug.serving import WSGIRequestHandler, run_simple

    class Quiet(WSGIRequestHandler):
        def log_request(self, *_: object) -> None:
            """Say nothing: each request is one of the daemon's."""

    run_simple("127.0.0.1", given.port, app, threaded=True, request_handler=Quiet)


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
