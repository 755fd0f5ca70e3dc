"""Endpoints are real model servers: variants by weight, a shadow, captured requests, metrics, rollout and rollback.

Sources: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html,
https://docs.aws.amazon.com/sagemaker/latest/dg/model-ab-testing.html,
https://docs.aws.amazon.com/sagemaker/latest/dg/shadow-tests.html,
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html,
https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green.html
"""

import json
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, EventStreamError

from support.endpoints import IMAGE, ROLE, Serving, alarm, variant
from support.waiting import wait_for

TEXT = "The harbour crane lifts forty tonnes at low tide. The harbour master opens the gate at noon."


@pytest.fixture
def serving(local_cloud: Any) -> Iterator[Serving]:
    made = Serving(local_cloud.place, f"models-{uuid.uuid4().hex[:8]}")
    yield made
    made.close()


@pytest.mark.capability("S2")
def test_a_model_answers_in_openais_schema_whole_and_streamed(serving: Serving) -> None:
    serving.model("prose", {"corpus/harbour.txt": TEXT})
    serving.config("prose", ("main", "prose", 1))
    serving.endpoint("prose", "prose")
    asked = {"messages": [{"role": "user", "content": "What does the harbour crane lift?"}], "max_tokens": 8}

    served_by, answer = serving.ask("prose", asked)
    body = json.dumps(asked | {"stream": True}).encode()
    streamed = serving.runtime.invoke_endpoint_with_response_stream(EndpointName="prose", Body=body)
    text = b"".join(event["PayloadPart"]["Bytes"] for event in streamed["Body"]).decode()
    chunks = [json.loads(line[6:]) for line in text.split("\n\n") if line.startswith("data: {")]

    assert served_by == "main"
    said = answer["choices"][0]["message"]["content"]
    assert "harbour crane lifts forty" in said
    assert answer["usage"]["completion_tokens"] == 8
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks) == said
    assert text.endswith("data: [DONE]\n\n")


@pytest.mark.capability("S2")
def test_the_container_gets_its_variables_and_refuses_what_is_too_long(serving: Serving) -> None:
    serving.s3.put_object(Bucket=serving.bucket, Key="short/a.txt", Body=TEXT.encode())
    source = {"S3Uri": f"s3://{serving.bucket}/short/", "S3DataType": "S3Prefix", "CompressionType": "None"}
    container = {
        "Image": IMAGE,
        "ModelDataSource": {"S3DataSource": source},
        "Environment": {"OPTION_MAX_MODEL_LEN": "5"},
    }
    serving.sagemaker.create_model(ModelName="short", ExecutionRoleArn=ROLE, PrimaryContainer=container)
    serving.config("short", ("main", "short", 1))
    serving.endpoint("short", "short")

    with pytest.raises(ClientError) as refused:
        serving.ask("short", {"inputs": "one two three four five six"})

    assert refused.value.response["Error"]["Code"] == "ModelError"
    assert refused.value.response["OriginalStatusCode"] == 400
    assert "context length is 5" in refused.value.response["OriginalMessage"]
    dimensions = {"EndpointName": "short", "VariantName": "main"}
    assert serving.sum("Invocation4XXErrors", **dimensions) == 1
    assert serving.sum("Invocation5XXErrors", "SampleCount", **dimensions) == 1, "0 counts too: the average is a share"


@pytest.mark.capability("S4")
def test_variants_share_requests_by_weight_and_can_be_aimed_at(serving: Serving) -> None:
    serving.model("ab-a")
    serving.model("ab-b")
    serving.config("ab", ("a", "ab-a", 3), ("b", "ab-b", 1))
    serving.endpoint("ab", "ab")

    seen = Counter(serving.ask("ab")[1]["by"] for _ in range(200))
    aimed = {serving.ask("ab", TargetVariant="b")[1]["by"] for _ in range(5)}
    serving.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="ab", DesiredWeightsAndCapacities=[{"VariantName": "a", "DesiredWeight": 0}]
    )
    after = {serving.ask("ab")[1]["by"] for _ in range(20)}

    assert 120 <= seen["ab-a"] <= 180, "3 of 4, six standard deviations"
    assert aimed == after == {"ab-b"}
    counted = [serving.sum("Invocations", EndpointName="ab", VariantName=name) for name in "ab"]
    assert counted == [seen["ab-a"], seen["ab-b"] + 25]
    with pytest.raises(ClientError, match="Variant c"):
        serving.ask("ab", TargetVariant="c")


@pytest.mark.capability("S4")
def test_a_shadow_gets_copies_and_both_are_captured(serving: Serving) -> None:
    serving.model("seen")
    serving.model("unseen", status=500)
    capture = {
        "EnableCapture": True, "InitialSamplingPercentage": 100, "DestinationS3Uri": f"s3://{serving.bucket}/captured",
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
    }  # fmt: skip
    serving.config(
        "sh", ("main", "seen", 1), ShadowProductionVariants=[variant("shadow", "unseen")], DataCaptureConfig=capture
    )
    serving.endpoint("sh", "sh")

    answers = [serving.ask("sh", {"number": number}, InferenceId=f"i{number}")[1]["by"] for number in range(3)]

    def captured(name: str) -> list[Any]:
        keys = serving.s3.list_objects_v2(Bucket=serving.bucket, Prefix=f"captured/sh/{name}/").get("Contents", [])
        return [json.loads(serving.s3.get_object(Bucket=serving.bucket, Key=one["Key"])["Body"].read()) for one in keys]

    assert answers == ["seen"] * 3
    assert wait_for(lambda: len(captured("main")) == len(captured("shadow")) == 3)
    line = next(one for one in captured("main") if one["eventMetadata"]["inferenceId"] == "i1")
    assert json.loads(line["captureData"]["endpointInput"]["data"]) == {"number": 1}
    assert line["captureData"]["endpointOutput"]["encoding"] == "JSON"
    assert json.loads(line["captureData"]["endpointOutput"]["data"]) == {"by": "seen"}
    assert wait_for(lambda: serving.sum("Invocation5XXErrors", EndpointName="sh", VariantName="shadow") == 3)
    assert serving.sum("Invocation5XXErrors", EndpointName="sh", VariantName="main") == 0


def canary(alarm_name: str, wait_seconds: int = 60, kind: str = "CANARY") -> dict[str, Any]:
    size = {"Type": "CAPACITY_PERCENT", "Value": 50}
    routing = {
        "Type": kind,
        "WaitIntervalInSeconds": wait_seconds,
        "CanarySize" if kind == "CANARY" else "LinearStepSize": size,
    }
    policy = {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": 0}
    return {"BlueGreenUpdatePolicy": policy, "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": alarm_name}]}}


@pytest.mark.capability("S4")
def test_a_candidate_that_errs_is_taken_back_by_its_alarm_and_the_others_never_see_it(serving: Serving) -> None:
    serving.model("good")
    serving.model("bad", status=500)
    serving.config("roll-1", ("main", "good", 1))
    serving.config("roll-2", ("main", "bad", 1))
    serving.endpoint("roll", "roll-1")
    alarm(serving.place, "roll-errors", "Invocation5XXErrors", {"EndpointName": "roll", "VariantName": "main"})

    serving.sagemaker.update_endpoint(
        EndpointName="roll", EndpointConfigName="roll-2", DeploymentConfig=canary("roll-errors")
    )
    with pytest.raises(ClientError, match="status Updating"):
        serving.sagemaker.update_endpoint(EndpointName="roll", EndpointConfigName="roll-2")
    failed = total = 0
    while serving.describe("roll")["EndpointStatus"] == "Updating" and total < 2000:
        total += 1
        try:
            serving.ask("roll")
        except ClientError:
            failed += 1

    found = serving.settled("roll")
    assert found["EndpointConfigName"] == "roll-1"
    assert "roll-errors" in found["FailureReason"]
    assert 0 < failed <= 0.75 * total, "the canary has half of the requests"
    assert {serving.ask("roll")[1]["by"] for _ in range(10)} == {"good"}


@pytest.mark.capability("S4")
@pytest.mark.parametrize("kind", ["CANARY", "LINEAR"])
def test_a_good_candidate_is_promoted_and_no_request_fails(serving: Serving, kind: str) -> None:
    serving.model(f"old-{kind}")
    serving.model(f"new-{kind}")
    serving.config(f"old-{kind}", ("main", f"old-{kind}", 1))
    serving.config(f"new-{kind}", ("main", f"new-{kind}", 1))
    serving.endpoint(kind, f"old-{kind}")
    alarm(serving.place, f"{kind}-errors", "Invocation5XXErrors", {"EndpointName": kind, "VariantName": "main"})

    serving.sagemaker.update_endpoint(
        EndpointName=kind, EndpointConfigName=f"new-{kind}", DeploymentConfig=canary(f"{kind}-errors", 1, kind)
    )
    seen = Counter[str]()
    while serving.describe(kind)["EndpointStatus"] == "Updating":
        seen[serving.ask(kind)[1]["by"]] += 1

    assert serving.settled(kind)["EndpointConfigName"] == f"new-{kind}"
    assert set(seen) == {f"old-{kind}", f"new-{kind}"}
    assert {serving.ask(kind)[1]["by"] for _ in range(10)} == {f"new-{kind}"}


@pytest.mark.capability("S4")
def test_a_candidate_that_does_not_start_leaves_the_endpoint_as_it_was(serving: Serving) -> None:
    serving.model("lives")
    serving.model("stillborn", dies=True)
    serving.config("born-1", ("main", "lives", 1))
    serving.config("born-2", ("main", "stillborn", 1))
    serving.endpoint("born", "born-1")

    serving.sagemaker.update_endpoint(EndpointName="born", EndpointConfigName="born-2")
    found = serving.settled("born")
    failed = serving.endpoint("never", "born-2", status="Failed")

    assert found["EndpointConfigName"] == "born-1"
    assert "exit code 3" in found["FailureReason"]
    assert "exit code 3" in failed["FailureReason"]
    assert serving.ask("born")[1]["by"] == "lives"


@pytest.mark.capability("O14")
@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "s3://b/o"}}}, "AsyncInferenceConfig"),
        ({"ProductionVariants": [variant("a", "nobody")]}, "Could not find model"),
        (
            {
                "ProductionVariants": [
                    {
                        "VariantName": "a",
                        "ModelName": "m",
                        "ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1},
                    }
                ]
            },
            "ServerlessConfig",
        ),
        ({"ProductionVariants": [{"VariantName": "a", "InstanceType": "ml.g6.xlarge"}]}, "ExecutionRoleArn"),
    ],
)
def test_what_is_not_emulated_is_refused_by_name(serving: Serving, more: dict[str, Any], said: str) -> None:
    given = {"EndpointConfigName": "refused", "ProductionVariants": [variant("a", "nobody")]} | more

    with pytest.raises(ClientError, match=said):
        serving.sagemaker.create_endpoint_config(**given)


@pytest.mark.capability("S2")
def test_a_stream_that_breaks_ends_with_its_error_and_counts_as_failed(serving: Serving) -> None:
    """Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_ResponseStream.html"""
    serving.model("cuts", cuts=True)
    serving.config("cuts", ("main", "cuts", 1))
    serving.endpoint("cuts", "cuts")
    pieces = []

    with pytest.raises(EventStreamError, match="ModelStreamError"):
        for event in serving.runtime.invoke_endpoint_with_response_stream(EndpointName="cuts", Body=b"{}")["Body"]:
            pieces.append(event["PayloadPart"]["Bytes"])

    assert b"".join(pieces).startswith(b"begun")
    assert wait_for(lambda: serving.sum("Invocation5XXErrors", EndpointName="cuts", VariantName="main") == 1)


@pytest.mark.capability("S4")
def test_an_update_keeps_weights_and_counts_that_somebody_set_if_it_is_told_to(serving: Serving) -> None:
    """Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpoint.html"""
    serving.model("kept")
    for number in (1, 2, 3):
        serving.config(f"kept-{number}", ("main", "kept", 1))
    serving.endpoint("kept", "kept-1")
    wanted = [{"VariantName": "main", "DesiredWeight": 5, "DesiredInstanceCount": 2}]
    serving.sagemaker.update_endpoint_weights_and_capacities(EndpointName="kept", DesiredWeightsAndCapacities=wanted)

    def after(config: str, **more: Any) -> tuple[float, int]:
        serving.sagemaker.update_endpoint(EndpointName="kept", EndpointConfigName=config, **more)
        (found,) = serving.settled("kept")["ProductionVariants"]
        return found["CurrentWeight"], found["CurrentInstanceCount"]

    excluded = [{"VariantPropertyType": "DesiredWeight"}]
    assert after("kept-2", RetainAllVariantProperties=True) == (5, 2)
    assert after("kept-3", RetainAllVariantProperties=True, ExcludeRetainedVariantProperties=excluded) == (1, 2)
    assert after("kept-1") == (1, 1)
    names = serving.sagemaker.list_endpoints(NameContains="KEPT", StatusEquals="InService")["Endpoints"]
    assert [one["EndpointName"] for one in names] == ["kept"]
    with pytest.raises(ClientError, match="CreationTimeAfter"):
        serving.sagemaker.list_endpoints(CreationTimeAfter=0)


@pytest.mark.capability("O14")
def test_an_image_without_a_program_here_is_named(serving: Serving) -> None:
    container = {"Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/own:1"}
    serving.sagemaker.create_model(ModelName="own", ExecutionRoleArn=ROLE, PrimaryContainer=container)
    serving.config("own", ("main", "own", 1))

    assert "no program for the image" in serving.endpoint("own", "own", status="Failed")["FailureReason"]
