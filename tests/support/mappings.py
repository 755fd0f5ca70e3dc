"""Event source mappings of a template, and what their functions have written."""

import json
from typing import Any


def arn(name: str, attribute: str = "Arn") -> dict[str, Any]:
    return {"Fn::GetAtt": [name, attribute]}


def mapping(source: Any, **properties: Any) -> dict[str, Any]:
    named = {"EventSourceArn": source, "FunctionName": {"Ref": "Worker"}}
    return {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {**named, **properties}}


def lines(local_cloud: Any, name: str, kind: str) -> list[Any]:
    path = local_cloud.state / "logs" / f"{name}.log"
    text = path.read_text().splitlines() if path.exists() else []
    return [json.loads(line.removeprefix(kind)) for line in text if line.startswith(f"{kind} ")]


def batches(local_cloud: Any, name: str) -> list[list[str]]:
    return lines(local_cloud, name, "batch")


def send(local_cloud: Any, url: str, *bodies: str, **more: Any) -> None:
    for body in bodies:
        local_cloud.place.client("sqs").send_message(QueueUrl=url, MessageBody=body, **more)


def left(local_cloud: Any, url: str) -> int:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = local_cloud.place.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(found[name]) for name in names)


def filters(*patterns: dict[str, Any]) -> dict[str, Any]:
    return {"Filters": [{"Pattern": json.dumps(pattern)} for pattern in patterns]}
