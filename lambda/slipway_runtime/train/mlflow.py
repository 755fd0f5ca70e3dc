"""MLflow's REST API, on a SageMaker MLflow App or any server: the calls that a run makes, and no more.

MLflow's own client would bring 25 packages into a function. Requests to an app are signed as its plugin signs them.
Source: https://mlflow.org/docs/latest/api_reference/rest-api.html
Source: https://github.com/aws/sagemaker-mlflow
"""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from hashlib import sha256
from itertools import chain
from typing import Any

import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

APP = "arn:"
OVERRIDE = "SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT"  # the plugin's variable for another address than AWS's
TIMEOUT_SECONDS = 60.0
ATTEMPTS, WAIT_SECONDS = 3, 0.5
AT_ONCE = 100  # parameters and tags of a request; metrics may be more
VALUE_CHARACTERS, DIGEST_CHARACTERS = 5000, 36
PASSING = frozenset((429, 500, 502, 503, 504))

Json = dict[str, Any]


class MlflowError(Exception):
    """The server refused a request, or could not be reached. `code`: MLflow's own name of the error, or ""."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class Mlflow:
    """A server. `uri`: the ARN of a SageMaker MLflow App, or an address."""

    def __init__(self, uri: str, env: Mapping[str, str]) -> None:
        self.uri = uri
        self._region = uri.split(":")[3] if uri.startswith(APP) else ""
        own = f"https://mlflow.sagemaker.{self._region}.app.aws" if self._region else uri
        self._address = ((env.get(OVERRIDE) if self._region else "") or own).rstrip("/")

    def experiment(self, name: str) -> str:
        """Return the id of the experiment, made if there is none."""
        try:
            found: str = self._get("experiments/get-by-name", experiment_name=name)["experiment"]["experiment_id"]
        except MlflowError as error:
            if error.code != "RESOURCE_DOES_NOT_EXIST":
                raise
            try:
                return str(self._post("experiments/create", name=name)["experiment_id"])
            except MlflowError as again:
                if again.code != "RESOURCE_ALREADY_EXISTS":
                    raise
                return self.experiment(name)
        return found

    def find_run(self, experiment_id: str, tag: str, value: str) -> Json | None:
        """Return the newest run with a tag, None if there is none."""
        runs: list[Json] = self._post(
            "runs/search", experiment_ids=[experiment_id], filter=f"tags.`{tag}` = '{value}'", max_results=1
        ).get("runs", [])
        return runs[0] if runs else None

    def create_run(self, experiment_id: str, name: str, tags: Mapping[str, str]) -> Json:
        """Start a run."""
        run: Json = self._post(
            "runs/create", experiment_id=experiment_id, run_name=name, start_time=now(), tags=_pairs(tags)
        )["run"]
        return run

    def update_run(self, run_id: str, status: str) -> None:
        """Set a run's status: RUNNING, FINISHED, FAILED or KILLED."""
        ended = {"end_time": now()} if status != "RUNNING" else {}
        self._post("runs/update", run_id=run_id, status=status, **ended)

    def log(
        self,
        run_id: str,
        *,
        metrics: Mapping[str, float] | None = None,
        step: int = 0,
        parameters: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Record metrics of a step, parameters and tags; the same parameters again are no error."""
        numbers = [
            {"key": key, "value": value, "timestamp": now(), "step": step} for key, value in (metrics or {}).items()
        ]
        parts = [("metrics", numbers), ("params", _pairs(parameters or {})), ("tags", _pairs(tags or {}))]
        for name, rows in chain.from_iterable(_in_parts(name, rows) for name, rows in parts):
            self._post("runs/log-batch", run_id=run_id, **{name: rows})

    def log_dataset(self, run_id: str, name: str, *, sha256: str, source: str, context: str) -> None:
        """Record a data set that a run has used. `context`: training, validation or evaluation."""
        dataset = {
            "name": name,
            "digest": sha256[:DIGEST_CHARACTERS],
            "source_type": "s3",
            "source": json.dumps({"uri": source}),
        }
        tags = _pairs({"mlflow.data.context": context, "sha256": sha256})
        self._post("runs/log-inputs", run_id=run_id, datasets=[{"tags": tags, "dataset": dataset}])

    def model_version(self, name: str, *, source: str, run_id: str, tags: Mapping[str, str]) -> str:
        """Return the number of the model's version that a run has made, registered if there is none yet."""
        try:
            self._post("registered-models/create", name=name)
        except MlflowError as error:
            if error.code != "RESOURCE_ALREADY_EXISTS":
                raise
        known: list[Json] = self._get("model-versions/search", filter=f"run_id = '{run_id}'").get("model_versions", [])
        for version in known:
            if version["name"] == name:
                return str(version["version"])
        made = self._post("model-versions/create", name=name, source=source, run_id=run_id, tags=_pairs(tags))
        return str(made["model_version"]["version"])

    def _get(self, path: str, **query: str) -> Json:
        return self._ask("GET", f"{path}?{urllib.parse.urlencode(query, quote_via=urllib.parse.quote)}", None)

    def _post(self, path: str, **members: Any) -> Json:
        return self._ask("POST", path, json.dumps(members).encode())

    def _ask(self, method: str, path: str, body: bytes | None) -> Json:
        """Return the answer; what may pass is asked again. Raises: MlflowError."""
        url, last = f"{self._address}/api/2.0/mlflow/{path}", MlflowError("no attempt was made")
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(WAIT_SECONDS * 2**attempt)
            request = urllib.request.Request(url, body, self._headers(method, url, body), method=method)  # noqa: S310
            try:
                with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310
                    answer: Json = json.loads(response.read() or b"{}")
                    return answer
            except urllib.error.HTTPError as error:
                last = _error(error)
                if error.code not in PASSING:
                    break
            except OSError as error:
                last = MlflowError(f"{self._address} cannot be reached: {error}")
                if isinstance(getattr(error, "reason", error), TimeoutError):
                    break  # what is slow is not asked to be slow again
        raise last

    def _headers(self, method: str, url: str, body: bytes | None) -> dict[str, str]:
        plain = {"Content-Type": "application/json"}
        if not self._region:
            return plain
        content = {"X-Amz-Content-SHA256": sha256(body or b"").hexdigest(), "x-sm-mlflow-app-arn": self.uri}
        request = AWSRequest(method=method, url=url, data=body or b"", headers=plain | content)
        credentials: Any = botocore.session.get_session().get_credentials()
        SigV4Auth(credentials.get_frozen_credentials(), "sagemaker", self._region).add_auth(request)
        return dict(request.headers.items())


def now() -> int:
    """Return milliseconds since 1970, MLflow's time."""
    return round(time.time() * 1000)


def _pairs(values: Mapping[str, Any]) -> list[Json]:
    return [{"key": key, "value": str(value)[:VALUE_CHARACTERS]} for key, value in values.items()]


def _in_parts(name: str, rows: list[Json]) -> Iterator[tuple[str, list[Json]]]:
    return ((name, rows[start : start + AT_ONCE]) for start in range(0, len(rows), AT_ONCE))


def _error(error: urllib.error.HTTPError) -> MlflowError:
    text = error.read().decode(errors="replace")
    try:
        told = json.loads(text)
        code, message = str(told.get("error_code", "")), str(told.get("message", text))
    except (ValueError, AttributeError):
        code, message = "", text
    return MlflowError(f"HTTP {error.code} {code}: {message[:500]}", code)
