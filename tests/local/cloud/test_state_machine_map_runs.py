"""Distributed Map: item sources, batches, tolerated failures, results in S3, and the map run itself.

Expectations: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html,
https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html,
https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html,
https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html and
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-examine-map-run.html
"""

import gzip
import json
from typing import Any

import pytest

from local.cloud.state_machines import Machines, chain, one

pytestmark = pytest.mark.capability("O14")


BUCKET = "map-run-items"


@pytest.fixture(scope="module")
def s3(local_cloud: Any) -> Any:
    client = local_cloud.place.client("s3")
    client.create_bucket(Bucket=BUCKET)
    return client


def distributed(processor: dict[str, Any], **fields: Any) -> dict[str, Any]:
    config = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": fields.pop("kind", "STANDARD")}}
    return {"Type": "Map", "Label": "Each", "ItemProcessor": {**config, **processor}, **fields}


SAME = chain({"Type": "Pass"}, prefix="P")


# Fails for items whose `bad` is true.
PICKY = one(
    {
        "C": {"Type": "Choice", "Choices": [{"Variable": "$.bad", "BooleanEquals": True, "Next": "F"}], "Default": "S"},
        "F": {"Type": "Fail", "Error": "Bad"},
        "S": {"Type": "Succeed"},
    },
    "C",
)


ITEMS = [{"i": i, "bad": i == 2} for i in range(5)]


INVENTORY = {
    "sourceBucket": "s", "destinationBucket": f"arn:aws:s3:::{BUCKET}", "fileFormat": "CSV",
    "fileSchema": "Bucket, Key, Size", "files": [{"key": "inventory/1.csv.gz", "size": 1}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("key", "body", "config", "expected"),
    [
        ("a.json", b"[1, 2, 3]", {"InputType": "JSON", "MaxItems": 2}, [1, 2]),
        ("b.json", b'{"k": {"xs": [4]}}', {"InputType": "JSON", "ItemsPointer": "/k/xs"}, [4]),
        ("c.jsonl", b'{"a": 1}\n{"a": 2}\n', {"InputType": "JSONL"}, [{"a": 1}, {"a": 2}]),
        # within a string they end no line: https://jsonlines.org/
        ("u.jsonl", '{"a": "x\u2028y\u0085z"}\r\n{"a": 2}\n'.encode(), {"InputType": "JSONL"},
         [{"a": "x\u2028y\u0085z"}, {"a": 2}]),
        ("d.csv", b"id,name\n1,Ann\n2\n", {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
         [{"id": "1", "name": "Ann"}, {"id": "2", "name": ""}]),
        ("e.csv", b'1;"x;y"\n', {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["p", "q"],
                                   "CSVDelimiter": "SEMICOLON"}, [{"p": "1", "q": "x;y"}]),
        ("manifest.json", json.dumps(INVENTORY).encode(), {"InputType": "MANIFEST"},
         [{"Bucket": "s", "Key": "one.txt", "Size": "7"}]),
    ],
)  # fmt: skip
def test_items_from_objects(machines: Machines, s3: Any, key: str, body: bytes, config: Any, expected: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="inventory/1.csv.gz", Body=gzip.compress(b'"s","one.txt","7"\n'))
    s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": config,
        "Parameters": {"Bucket": BUCKET, "Key": key},
    }
    assert machines.output(chain(distributed(SAME, ItemReader=reader))) == expected


def test_items_from_a_list_of_objects_in_jsonata(machines: Machines, s3: Any) -> None:
    for name in ("one", "two"):
        s3.put_object(Bucket=BUCKET, Key=f"listed/{name}", Body=name.encode())
    reader = {
        "Resource": "arn:aws:states:::s3:listObjectsV2",
        "Arguments": {"Bucket": BUCKET, "Prefix": "{% $states.input.prefix %}"},
    }
    state = distributed(
        SAME,
        ItemReader=reader,
        ItemSelector={"key": "{% $states.context.Map.Item.Value.Key %}", "n": "{% $states.context.Map.Item.Index %}"},
    )
    output = machines.output(chain(state, QueryLanguage="JSONata"), {"prefix": "listed/"})
    assert output == [{"key": "listed/one", "n": 0}, {"key": "listed/two", "n": 1}]


@pytest.mark.parametrize("body", [b"{not json", b'"text"'])
def test_an_unreadable_source_fails_the_run(machines: Machines, s3: Any, body: bytes) -> None:
    s3.put_object(Bucket=BUCKET, Key="broken.json", Body=body)
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "JSON"},
        "Parameters": {"Bucket": BUCKET, "Key": "broken.json"},
    }
    shown = machines.run(chain(distributed(SAME, ItemReader=reader)))
    assert shown["error"] == "States.ItemReaderFailed"
    types = machines.event_types(shown["executionArn"])
    assert "MapRunFailed" in types
    assert "MapStateFailed" in types


def test_batches_by_items_and_by_bytes_share_their_input(machines: Machines) -> None:
    batcher = {"MaxItemsPerBatch": 2, "BatchInput": {"day.$": "$.day"}}
    state = distributed(SAME, ItemsPath="$.xs", ItemBatcher=batcher)
    expected = [{"BatchInput": {"day": "mon"}, "Items": batch} for batch in ([1, 2], [3])]
    assert machines.output(chain(state), {"xs": [1, 2, 3], "day": "mon"}) == expected
    state = distributed(SAME, ItemsPath="$.xs", ItemBatcher={"MaxInputBytesPerBatch": 60})
    output = machines.output(chain(state), {"xs": ["x" * 20] * 5})
    assert [len(batch["Items"]) for batch in output] == [2, 2, 1]


def test_any_failure_fails_the_run_unless_it_is_tolerated(machines: Machines) -> None:
    state = distributed(PICKY, ItemsPath="$.xs", MaxConcurrency=1)
    shown = machines.run(chain(state), {"xs": ITEMS})
    assert shown["error"] == "States.ExceedToleratedFailureThreshold"
    for tolerated in (
        {"ToleratedFailureCount": 1},
        {"ToleratedFailurePercentage": 20},
        {"ToleratedFailureCountPath": "$.n"},
    ):
        shown = machines.run(chain({**state, **tolerated}), {"xs": ITEMS, "n": 1})
        assert shown["status"] == "SUCCEEDED", tolerated


@pytest.mark.parametrize(
    ("tolerated", "status"),
    [
        ({"ToleratedFailurePercentage": 19}, "FAILED"),
        ({"ToleratedFailureCount": 3, "ToleratedFailurePercentage": 19}, "FAILED"),
        ({"ToleratedFailureCount": 0, "ToleratedFailurePercentage": 90}, "FAILED"),
        ({"ToleratedFailureCount": 1, "ToleratedFailurePercentage": 20}, "SUCCEEDED"),
    ],
)
def test_a_run_fails_when_either_threshold_is_exceeded(
    machines: Machines, tolerated: dict[str, int], status: str
) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html#maprun-fail-threshold"""
    state = distributed(PICKY, ItemsPath="$.xs", MaxConcurrency=1, **tolerated)
    shown = machines.run(chain(state), {"xs": ITEMS})
    assert (shown["status"], shown.get("error")) == (
        status,
        "States.ExceedToleratedFailureThreshold" if status == "FAILED" else None,
    )


def test_a_map_run_and_its_children_can_be_described(machines: Machines) -> None:
    state = distributed(PICKY, ItemsPath="$.xs", ToleratedFailureCount=1, MaxConcurrency=3)
    shown = machines.run(chain(state), {"xs": ITEMS})
    (listed,) = machines.client.list_map_runs(executionArn=shown["executionArn"])["mapRuns"]
    run = machines.client.describe_map_run(mapRunArn=listed["mapRunArn"])
    assert (run["status"], run["maxConcurrency"], run["toleratedFailureCount"]) == ("SUCCEEDED", 3, 1)
    counts = run["itemCounts"]
    assert (counts["total"], counts["succeeded"], counts["failed"], counts["pending"]) == (5, 4, 1, 0)
    assert run["executionCounts"]["total"] == 5
    failed = machines.client.list_executions(mapRunArn=listed["mapRunArn"], statusFilter="FAILED")["executions"]
    assert len(failed) == 1
    child = machines.client.describe_execution(executionArn=failed[0]["executionArn"])
    assert (child["error"], json.loads(child["input"])["i"], child["mapRunArn"]) == ("Bad", 2, listed["mapRunArn"])
    assert ":execution:" in child["executionArn"]
    assert "/Each:" in child["executionArn"]
    types = machines.event_types(shown["executionArn"])
    assert types.index("MapRunStarted") < types.index("MapRunSucceeded")


def test_results_go_to_s3_with_a_manifest(machines: Machines, s3: Any) -> None:
    writer = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": BUCKET, "Prefix": "results"}}
    state = distributed(PICKY, ItemsPath="$.xs", ToleratedFailureCount=1, ResultWriter=writer)
    output = machines.output(chain(state), {"xs": ITEMS})
    details = output["ResultWriterDetails"]
    assert details["Key"] == f"results/{output['MapRunArn'].rsplit(':', 1)[1]}/manifest.json"
    manifest = json.loads(s3.get_object(Bucket=BUCKET, Key=details["Key"])["Body"].read())
    assert (manifest["DestinationBucket"], manifest["MapRunArn"]) == (BUCKET, output["MapRunArn"])
    assert manifest["ResultFiles"]["PENDING"] == []

    def read(status: str) -> list[dict[str, Any]]:
        (entry,) = manifest["ResultFiles"][status]
        body = s3.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read()
        assert len(body) == entry["Size"]
        return list(json.loads(body))

    assert sorted(json.loads(one["Input"])["i"] for one in read("SUCCEEDED")) == [0, 1, 3, 4]
    (failed,) = read("FAILED")
    assert (failed["Status"], failed["Error"], failed["StartDate"][-1]) == ("FAILED", "Bad", "Z")
    assert machines.client.describe_map_run(mapRunArn=output["MapRunArn"])["itemCounts"]["resultsWritten"] == 5


def test_results_can_be_flat_json_lines_or_stay_in_the_output(machines: Machines, s3: Any) -> None:
    pairs = chain({"Type": "Pass", "Parameters": {"xs.$": "States.Array($, $)"}, "OutputPath": "$.xs"}, prefix="P")
    settings = {"WriterConfig": {"Transformation": "FLATTEN", "OutputType": "JSONL"}}
    state = distributed(pairs, ItemsPath="$.xs", kind="EXPRESS")
    assert machines.output(chain({**state, "ResultWriter": settings}), {"xs": [1, 2]}) == [1, 1, 2, 2]
    writer = {
        "Resource": "arn:aws:states:::s3:putObject",
        "Parameters": {"Bucket": BUCKET, "Prefix": "flat"},
        **settings,
    }
    output = machines.output(chain({**state, "ResultWriter": writer}), {"xs": [1, 2]})
    folder = output["ResultWriterDetails"]["Key"].rpartition("/")[0]
    assert s3.get_object(Bucket=BUCKET, Key=f"{folder}/SUCCEEDED_0.jsonl")["Body"].read() == b"1\n1\n2\n2"


def test_a_hundred_children_run_and_stop_with_their_parent(local_cloud: Any, machines: Machines) -> None:
    shown = machines.output(chain(distributed(SAME, ItemsPath="$.xs")), {"xs": list(range(100))})
    assert shown == list(range(100))
    waits = chain({"Type": "Wait", "Seconds": 300}, prefix="W")
    arn = machines.start(chain(distributed(waits, ItemsPath="$.xs")), {"xs": [1, 2, 3]})

    def running() -> Any:
        runs = machines.client.list_map_runs(executionArn=arn)["mapRuns"]
        return runs and machines.client.describe_map_run(mapRunArn=runs[0]["mapRunArn"])["itemCounts"]["running"] == 3

    local_cloud.eventually(running)
    machines.client.stop_execution(executionArn=arn)
    run_arn = machines.client.list_map_runs(executionArn=arn)["mapRuns"][0]["mapRunArn"]
    local_cloud.eventually(lambda: machines.client.describe_map_run(mapRunArn=run_arn)["status"] == "ABORTED")
    assert machines.client.describe_map_run(mapRunArn=run_arn)["executionCounts"]["aborted"] == 3
