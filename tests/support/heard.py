"""Functions that write down what they hear, and queues that are read out."""

import json
from typing import Any

HEARS = "import json\ndef handler(e, context): print('heard', json.dumps(e))"


def arn(name: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [name, "Arn"]}


def heard(local_cloud: Any, name: str) -> list[Any]:
    """Return the events that a function wrote; a line without its end is still being written."""
    path = local_cloud.state / "logs" / f"{name}.log"
    lines = path.read_text().rpartition("\n")[0].splitlines() if path.exists() else []
    return [json.loads(line.removeprefix("heard ")) for line in lines if line.startswith("heard ")]


def message(local_cloud: Any, url: str) -> Any:
    """Return the next message, taking it out."""
    sqs = local_cloud.place.client("sqs")
    arguments = {"QueueUrl": url, "WaitTimeSeconds": 1, "MessageAttributeNames": ["All"]}
    found = local_cloud.eventually(lambda: sqs.receive_message(**arguments).get("Messages"), seconds=30)[0]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=found["ReceiptHandle"])
    return found
