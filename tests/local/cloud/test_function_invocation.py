"""Throttling, limits, versions and aliases, through the Lambda API.

Expectations: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html (errors),
https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html and
https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html
"""

import concurrent.futures
import io
import json
import zipfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

from slipway_local.remote import LocalCloudError

pytestmark = pytest.mark.capability("O14")

CODE = """
import os, time
def handler(event, context):
    if "sleep" in event: time.sleep(event["sleep"])
    if "size" in event: return "x" * event["size"]
    if "signal" in event: os.kill(os.getpid(), event["signal"])
    if "exit" in event: os._exit(event["exit"])
    if "wrapped" in event: return os.environ.get("WRAPPED")
    return {"arn": context.invoked_function_arn, "version": context.function_version, "v": os.environ.get("VALUE")}
"""


@pytest.fixture(scope="module")
def names(local_cloud: Any) -> dict[str, str]:
    body = {
        "Resources": {
            "Role": local_cloud.role(),
            "Main": local_cloud.function(CODE),
            "One": local_cloud.function(CODE, ReservedConcurrentExecutions=1),
            "Never": local_cloud.function(CODE, ReservedConcurrentExecutions=0),
            "NoBootstrap": local_cloud.function(CODE, Runtime="provided.al2023"),
        }
    }
    body["Outputs"] = {key: {"Value": {"Ref": key}} for key in body["Resources"]}
    return dict(local_cloud.outputs(local_cloud.deploy(Invocation=body), "Invocation"))


def invoke(local_cloud: Any, name: str, event: Any, **more: Any) -> tuple[Any, dict[str, Any]]:
    answer = local_cloud.place.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode(), **more)
    return json.loads(answer["Payload"].read() or b"null"), answer


def refusal(local_cloud: Any, name: str, payload: bytes, **more: Any) -> ClientError:
    with pytest.raises(ClientError) as caught:
        local_cloud.place.client("lambda").invoke(FunctionName=name, Payload=payload, **more)
    return caught.value


def test_more_than_the_reserved_concurrency_is_refused_at_once(local_cloud: Any, names: Any) -> None:
    invoke(local_cloud, names["One"], {})
    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        futures = [threads.submit(invoke, local_cloud, names["One"], {"sleep": 2}) for _ in range(4)]
        errors = [future.exception() for future in futures]
    refused = [error for error in errors if error is not None]
    assert len(refused) == 3
    for error in refused:
        assert isinstance(error, ClientError)
        assert error.response["Error"]["Code"] == "TooManyRequestsException"
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 429
        assert error.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"  # type: ignore[typeddict-item]
    assert invoke(local_cloud, names["One"], {})[1]["StatusCode"] == 200


def test_no_reserved_concurrency_at_all_switches_a_function_off(local_cloud: Any, names: Any) -> None:
    assert refusal(local_cloud, names["Never"], b"{}").response["Error"]["Code"] == "TooManyRequestsException"
    client = local_cloud.place.client("lambda")
    client.delete_function_concurrency(FunctionName=names["Never"])
    assert invoke(local_cloud, names["Never"], {})[1]["StatusCode"] == 200


def test_events_that_are_no_json_or_too_large_are_refused(local_cloud: Any, names: Any) -> None:
    broken = refusal(local_cloud, names["Main"], b"{no json").response
    assert (broken["Error"]["Code"], broken["ResponseMetadata"]["HTTPStatusCode"]) == (
        "InvalidRequestContentException",
        400,
    )
    large = json.dumps("x" * 6_291_456).encode()
    assert refusal(local_cloud, names["Main"], large).response["ResponseMetadata"]["HTTPStatusCode"] == 413
    event = json.dumps("x" * 1_048_576).encode()
    error = refusal(local_cloud, names["Main"], event, InvocationType="Event").response
    assert error["Error"]["Code"] == "RequestTooLargeException"


def test_a_result_over_six_megabytes_is_the_functions_error(local_cloud: Any, names: Any) -> None:
    assert len(invoke(local_cloud, names["Main"], {"size": 6_000_000})[0]) == 6_000_000
    payload, answer = invoke(local_cloud, names["Main"], {"size": 6_300_000})
    assert answer["FunctionError"] == "Unhandled"
    assert payload["errorType"] == "Function.ResponseSizeTooLarge"
    assert payload["errorMessage"].startswith("Response payload size exceeded maximum allowed payload size")
    assert invoke(local_cloud, names["Main"], {})[1].get("FunctionError") is None


def test_a_dry_run_runs_nothing(local_cloud: Any, names: Any) -> None:
    assert invoke(local_cloud, names["Main"], {}, InvocationType="DryRun")[1]["StatusCode"] == 204


def test_a_custom_runtime_without_its_bootstrap_says_so(local_cloud: Any, names: Any) -> None:
    payload, answer = invoke(local_cloud, names["NoBootstrap"], {})
    assert (answer["FunctionError"], payload["errorType"]) == ("Unhandled", "Runtime.InvalidEntrypoint")


def test_versions_keep_their_code_and_aliases_name_versions(local_cloud: Any) -> None:
    body: dict[str, Any] = {
        "Resources": {
            "Role": local_cloud.role(),
            "It": local_cloud.function(CODE, Environment={"Variables": {"VALUE": "first"}}),
            "First": {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "It"}}},
            "Alias": {"Type": "AWS::Lambda::Alias", "Properties": {
                "FunctionName": {"Ref": "It"}, "Name": "live",
                "FunctionVersion": {"Fn::GetAtt": ["First", "Version"]}}},
        },
        "Outputs": {"It": {"Value": {"Ref": "It"}}, "First": {"Value": {"Ref": "First"}},
                    "Alias": {"Value": {"Ref": "Alias"}}},
    }  # fmt: skip
    out = local_cloud.outputs(local_cloud.deploy(Versions=body), "Versions")
    assert out["First"].endswith(f":function:{out['It']}:1")
    body["Resources"]["It"]["Properties"]["Environment"]["Variables"]["VALUE"] = "second"
    local_cloud.deploy(Versions=body)

    latest, answer = invoke(local_cloud, out["It"], {})
    assert (latest["version"], latest["v"], answer["ExecutedVersion"]) == ("$LATEST", "second", "$LATEST")
    for name, qualifier in ((out["Alias"], None), (out["It"], "live"), (f"{out['It']}:live", None)):
        more = {"Qualifier": qualifier} if qualifier else {}
        found, answer = invoke(local_cloud, name, {}, **more)
        assert found == {"arn": out["Alias"], "version": "1", "v": "first"}
        assert answer["ExecutedVersion"] == "1"

    client = local_cloud.place.client("lambda")
    version = client.publish_version(FunctionName=out["It"])["Version"]
    client.update_alias(FunctionName=out["It"], Name="live", FunctionVersion=version)
    assert invoke(local_cloud, out["Alias"], {})[0]["v"] == "second"
    weights = {"AdditionalVersionWeights": {"1": 1.0}}
    client.update_alias(FunctionName=out["It"], Name="live", RoutingConfig=weights)
    assert invoke(local_cloud, out["Alias"], {})[0]["v"] == "first"


def test_an_unknown_qualifier_is_not_found(local_cloud: Any, names: Any) -> None:
    error = refusal(local_cloud, names["Main"], b"{}", Qualifier="nowhere")
    assert error.response["Error"]["Code"] == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"signal": 9}, "Runtime exited with error: signal: killed"),
        ({"signal": 11}, "Runtime exited with error: signal: segmentation fault"),
        ({"exit": 1}, "Runtime exited with error: exit status 1"),
        ({"exit": 0}, "Runtime exited without providing a reason"),
    ],
)
def test_a_process_that_ends_is_an_error_that_says_how(local_cloud: Any, names: Any, event: Any, reason: str) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html"""
    payload, answer = invoke(local_cloud, names["Main"], event)
    assert (answer["FunctionError"], payload["errorType"]) == ("Unhandled", "Runtime.ExitError")
    assert payload["errorMessage"].startswith("RequestId: ")
    assert payload["errorMessage"].endswith(f" Error: {reason}")


def test_a_wrapper_starts_the_runtime(local_cloud: Any, names: Any) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html#runtime-wrapper"""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as content:
        content.writestr("index.py", CODE)
        info = zipfile.ZipInfo("wrapper")
        info.external_attr = 0o755 << 16
        content.writestr(info, '#!/bin/sh\nexport WRAPPED=yes\nexec "$@"\n')
    client = local_cloud.place.client("lambda")
    assert invoke(local_cloud, names["Main"], {"wrapped": 1})[0] is None
    client.update_function_code(FunctionName=names["Main"], ZipFile=buffer.getvalue())
    variables = {"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/wrapper"}}
    client.update_function_configuration(FunctionName=names["Main"], Environment=variables)
    assert invoke(local_cloud, names["Main"], {"wrapped": 1})[0] == "yes"


def test_a_runtime_that_is_not_emulated_is_refused_by_name(local_cloud: Any) -> None:
    body = {"Role": local_cloud.role(), "It": local_cloud.function("exports.handler = 1", Runtime="nodejs22.x")}
    with pytest.raises(LocalCloudError, match=r"Other/It .*the runtime nodejs22\.x is not emulated: python3\.x is"):
        local_cloud.deploy(Other={"Resources": body})
