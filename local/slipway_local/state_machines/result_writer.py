"""Where a distributed Map's results go: into the state's output or into S3, with a manifest.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
"""

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from slipway_local.state_machines.errors import StatesError
from slipway_local.state_machines.flow import Visit
from slipway_local.state_machines.shapes import to_result

if TYPE_CHECKING:
    from slipway_local.state_machines.execution import Execution
    from slipway_local.state_machines.map_run import MapRun

UNRECORDED = ("MapRunArn", "RedriveStatusReason")


def results_of(visit: Visit, run: "MapRun") -> Any:
    """Return a map run's results as its ResultWriter asks for, after writing them to S3 if it says so."""
    writer = visit.state.get("ResultWriter")
    settings = (writer or {}).get("WriterConfig", {})
    to_s3 = writer is not None and "Resource" in writer
    shape = settings.get("Transformation", "NONE" if to_s3 else "COMPACT")
    if to_s3:
        given = visit.data.render(writer.get("Parameters", writer.get("Arguments", {})), "ResultWriter")  # type: ignore[union-attr]
        return _export(visit, run, given, shape, settings.get("OutputType", "JSON"))
    return _shaped([child for child in run.children if child is not None], shape)


def _shaped(children: list["Execution"], shape: str) -> list[Any]:
    results: list[Any] = []
    for child in children:
        if shape == "NONE" or child.status != "SUCCEEDED":
            results.append(_record(child))
        elif shape == "FLATTEN" and isinstance(child.output, list):
            results += child.output
        else:
            results.append(child.output)
    return results


def _record(child: "Execution") -> dict[str, Any]:
    shown = {**child.describe(), "outputDetails": {"included": True}}
    for key in ("startDate", "stopDate", "redriveDate"):
        if key in shown:
            shown[key] = datetime.fromtimestamp(shown[key], UTC)
    return {key: value for key, value in sorted(to_result(shown).items()) if key not in UNRECORDED}


def _export(visit: Visit, run: "MapRun", given: dict[str, Any], shape: str, output_type: str) -> dict[str, Any]:
    s3 = visit.flow.execution.client("s3")
    bucket, prefix = given["Bucket"], given.get("Prefix", "")
    folder = f"{prefix.rstrip('/')}/{run.id}" if prefix else run.id
    files: dict[str, list[dict[str, Any]]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
    by_status = {
        "SUCCEEDED": [child for child in run.children if child and child.status == "SUCCEEDED"],
        "FAILED": [child for child in run.children if child and child.status in ("FAILED", "TIMED_OUT")],
        "PENDING": [child for child in run.children if child and child.status == "ABORTED"],
    }
    extension = output_type.lower()
    try:
        for status, children in by_status.items():
            if not children:
                continue
            results = _shaped(children, shape)
            lines = "\n".join(json.dumps(result) for result in results)
            body = (lines if output_type == "JSONL" else json.dumps(results)).encode()
            key = f"{folder}/{status}_0.{extension}"
            s3.put_object(Bucket=bucket, Key=key, Body=body)
            files[status].append({"Key": key, "Size": len(body)})
        manifest = {"DestinationBucket": bucket, "MapRunArn": run.arn, "ResultFiles": files}
        s3.put_object(Bucket=bucket, Key=f"{folder}/manifest.json", Body=json.dumps(manifest).encode())
    except ClientError as error:
        raise StatesError("States.ResultWriterFailed", str(error)) from error
    return {"MapRunArn": run.arn, "ResultWriterDetails": {"Bucket": bucket, "Key": f"{folder}/manifest.json"}}
