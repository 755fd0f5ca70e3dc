"""MLflow's API as a run calls it: what passes is asked again, and what is refused is told.

Source: https://mlflow.org/docs/latest/api_reference/rest-api.html
"""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from slipway_runtime.train import mlflow
from slipway_runtime.train.mlflow import Mlflow, MlflowError
from slipway_runtime.train.pipeline.tracked import Tracked, Tracking

pytestmark = pytest.mark.capability("T7")
APP = "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-app/app-1"


class Server(ThreadingHTTPServer):
    """Answers in turn what a test says, and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[tuple[int, dict[str, Any]]] = []
        self.asked: list[tuple[str, dict[str, str], dict[str, Any]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append((self.path, dict(self.headers.items()), json.loads(body or b"{}")))
        status, answer = self.server.answers.pop(0) if self.server.answers else (200, {})
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, *args: object) -> None: ...


@pytest.fixture(name="server")
def a_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(mlflow, "WAIT_SECONDS", 0)
    made = Server()
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def test_requests_to_an_app_are_signed_as_sagemakers_and_name_it(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Source: https://github.com/aws/sagemaker-mlflow"""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    Mlflow(APP, {mlflow.OVERRIDE: server.url}).update_run("1", "FINISHED")
    path, given, body = server.asked[0]
    headers = {name.lower(): value for name, value in given.items()}

    assert path == "/api/2.0/mlflow/runs/update"
    assert "/eu-west-1/sagemaker/aws4_request" in headers["authorization"]
    assert "x-sm-mlflow-app-arn" in headers["authorization"]
    assert headers["x-sm-mlflow-app-arn"] == APP
    assert (body["run_id"], body["status"]) == ("1", "FINISHED")


def test_what_passes_is_asked_again_and_what_is_refused_is_not(server: Server) -> None:
    server.answers = [(503, {}), (200, {"experiment": {"experiment_id": "7"}})]
    assert Mlflow(server.url, {}).experiment("a b") == "7"
    assert server.asked[1][0].endswith("experiment_name=a%20b")
    server.asked.clear()
    server.answers = [(400, {"error_code": "INVALID_PARAMETER_VALUE", "message": "no"})]
    with pytest.raises(MlflowError, match="HTTP 400 INVALID_PARAMETER_VALUE: no"):
        Mlflow(server.url, {}).update_run("1", "FINISHED")
    assert len(server.asked) == 1


def test_an_experiment_that_two_make_at_once_is_one(server: Server) -> None:
    missing, taken = {"error_code": "RESOURCE_DOES_NOT_EXIST"}, {"error_code": "RESOURCE_ALREADY_EXISTS"}
    server.answers = [(404, missing), (400, taken), (200, {"experiment": {"experiment_id": "7"}})]
    assert Mlflow(server.url, {}).experiment("a") == "7"


def test_many_parameters_go_in_parts(server: Server) -> None:
    Mlflow(server.url, {}).log("1", parameters={f"p{each}": each for each in range(150)})
    assert [len(body["params"]) for _, _, body in server.asked] == [100, 50]


def test_a_server_that_is_gone_is_told_and_ends_nothing() -> None:
    problems: list[str] = []
    found = Tracked(Tracking(app="http://127.0.0.1:1"), {"tracked": {"mlflow": "1/2"}}, problems.append)
    assert found.version("reverser", "s3://b/m", "run-1") == {"mlflow_run": "2"}
    assert "cannot be reached" in problems[0]


def test_what_the_job_is_told_holds_no_key() -> None:
    told = Tracking(
        app=APP, experiment="slipway-dev", wandb={"secret_id": "slipway/wandb", "project": "p", "entity": ""}
    )
    assert told.variables("run-1", "reverser", "s3://b/training/run-1/data/") == {
        "SLIPWAY_RUN": "run-1",
        "SLIPWAY_DATA": "s3://b/training/run-1/data/",
        "MLFLOW_TRACKING_URI": APP,
        "MLFLOW_EXPERIMENT_NAME": "slipway-dev/reverser",
        "WANDB_SECRET_ID": "slipway/wandb",
        "WANDB_PROJECT": "p",
    }
