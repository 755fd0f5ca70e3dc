"""Every metric carries the dimensions that dashboard and alarms ask for, in each call of the same process."""

import json
import os
import subprocess
import sys

PROGRAM = """
from slipway_runtime.operate.observability import count, observed

class Context:
    function_name, memory_limit_in_mb, invoked_function_arn, aws_request_id = "f", 512, "arn", "r"

@observed
def handler(event, context):
    count("Things", 2)

for _ in range(2):
    handler({}, Context())
"""


def test_metrics_have_service_and_environment_in_every_call() -> None:
    variables = {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "POWERTOOLS_SERVICE_NAME": "chat",
        "POWERTOOLS_METRICS_NAMESPACE": "Slipway",
        "SLIPWAY_ENVIRONMENT": "dev",
    }
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=variables, capture_output=True, text=True, check=True)
    written = [json.loads(line) for line in done.stdout.splitlines() if "_aws" in line]
    assert len(written) == 2
    for blob in written:
        [directive] = blob["_aws"]["CloudWatchMetrics"]
        assert directive["Namespace"] == "Slipway"
        assert [sorted(dimensions) for dimensions in directive["Dimensions"]] == [["environment", "service"]]
        assert (blob["service"], blob["environment"], blob["Things"]) == ("chat", "dev", [2.0])
