"""Endpoints for tests: a model in S3, the smallest requests, and calls of it."""

import json
from dataclasses import dataclass
from typing import Any

from support.waiting import wait_for

ROLE = "arn:aws:iam::123456789012:role/endpoints"
IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/djl-inference:0.38.0-lmi29.0.0-cu130"
# A model server of a test's own: says which it is, and fails or waits as it is asked to.
SERVE = """
import argparse, http.server, json, pathlib, time
parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int)
parser.add_argument("--model", type=pathlib.Path)
given = parser.parse_args()
about = json.loads((given.model / "about.json").read_text())
if about.get("dies"):
    raise SystemExit(3)
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        self.answer(200, b"")
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(about.get("seconds", 0))
        if about.get("cuts"):
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"5\\r\\nbegun\\r\\nff\\r\\nnot all")
            self.close_connection = True
            return
        self.answer(about.get("status", 200), json.dumps({"by": about["name"]}).encode())
http.server.ThreadingHTTPServer(("127.0.0.1", given.port), Handler).serve_forever()
"""


@dataclass
class Serving:
    """SageMaker of a local cloud. Names are the test's own: it removes what it made by `close`."""

    place: Any
    bucket: str

    def __post_init__(self) -> None:
        self.sagemaker, self.runtime = self.place.client("sagemaker"), self.place.client("sagemaker-runtime")
        self.s3 = self.place.client("s3")
        self.s3.create_bucket(Bucket=self.bucket)
        self._endpoints: list[str] = []

    def model(self, name: str, files: dict[str, str] | None = None, **about: Any) -> None:
        """Make a model of files, or one with a server of the test's own."""
        own = {"serve.py": SERVE, "about.json": json.dumps({"name": name, **about})}
        for path, text in (own if files is None else files).items():
            self.s3.put_object(Bucket=self.bucket, Key=f"{name}/{path}", Body=text.encode())
        source = {"S3Uri": f"s3://{self.bucket}/{name}/", "S3DataType": "S3Prefix", "CompressionType": "None"}
        container = {"Image": IMAGE, "ModelDataSource": {"S3DataSource": source}}
        self.sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)

    def config(self, config: str, /, *variants: tuple[str, str, float], **more: Any) -> None:
        """Make a configuration of (variant, model, weight)."""
        found = [variant(name, model, weight) for name, model, weight in variants]
        self.sagemaker.create_endpoint_config(EndpointConfigName=config, ProductionVariants=found, **more)

    def endpoint(self, name: str, config: str, *, status: str = "InService") -> dict[str, Any]:
        """Make an endpoint and wait for it."""
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
        self._endpoints.append(name)
        return self.settled(name, status)

    def settled(self, name: str, status: str = "InService") -> dict[str, Any]:
        """Wait until an endpoint has a status."""
        assert wait_for(lambda: self.describe(name)["EndpointStatus"] == status, seconds=60), self.describe(name)
        return self.describe(name)

    def describe(self, name: str) -> dict[str, Any]:
        """Return what DescribeEndpoint says."""
        return dict(self.sagemaker.describe_endpoint(EndpointName=name))

    def ask(self, name: str, body: Any = "hello", **more: Any) -> tuple[str, dict[str, Any]]:
        """Invoke; return the variant and the answer."""
        given = {"EndpointName": name, "ContentType": "application/json", "Body": json.dumps(body).encode()}
        answer = self.runtime.invoke_endpoint(**given, **more)
        return answer["InvokedProductionVariant"], json.loads(answer["Body"].read())

    def sum(self, metric: str, statistic: str = "Sum", **dimensions: str) -> float:
        """Return a metric of the last hour."""
        import datetime as dt

        now = dt.datetime.now(dt.UTC)
        found = self.place.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/SageMaker", MetricName=metric, Period=7200, Statistics=[statistic],
            StartTime=now - dt.timedelta(hours=1), EndTime=now + dt.timedelta(seconds=5),
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        )  # fmt: skip
        return float(sum(point[statistic] for point in found["Datapoints"]))

    def close(self) -> None:
        """Delete what was made."""
        for one in self.sagemaker.list_inference_components()["InferenceComponents"]:
            if one["EndpointName"] in self._endpoints:
                self.sagemaker.delete_inference_component(InferenceComponentName=one["InferenceComponentName"])
        for name in self._endpoints:
            self.sagemaker.delete_endpoint(EndpointName=name)


def variant(name: str, model: str, weight: float = 1.0) -> dict[str, Any]:
    """Return a production variant."""
    return {
        "VariantName": name, "ModelName": model, "InitialVariantWeight": weight,
        "InstanceType": "ml.g6.xlarge", "InitialInstanceCount": 1,
    }  # fmt: skip


def alarm(place: Any, name: str, metric: str, dimensions: dict[str, str], **more: Any) -> None:
    """Make an alarm on a SageMaker metric over a minute."""
    given = {"Statistic": "Average", "Threshold": 0.05, "ComparisonOperator": "GreaterThanThreshold", "Period": 60}
    place.client("cloudwatch").put_metric_alarm(
        AlarmName=name, Namespace="AWS/SageMaker", MetricName=metric, EvaluationPeriods=1,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        **{"TreatMissingData": "notBreaching", **given, **more},
    )  # fmt: skip
