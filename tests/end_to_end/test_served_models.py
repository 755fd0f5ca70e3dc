"""Models of one's own behind the gateway: asked by the unmodified client, asleep, woken, and replaced meanwhile.

Sources: https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-zero-instances.html,
https://platform.openai.com/docs/api-reference/chat/create
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from botocore.exceptions import ClientError
from openai import OpenAI

from slipway_cli.target import Target, find_target
from support.command import Slipway
from support.deploying import CONFIG, approve, ended, registered
from support.endpoints import ROLE, Serving
from support.waiting import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
TEXT = "The harbour crane lifts forty tonnes at low tide. The harbour master opens the gate at noon."
ASK: list[Any] = [{"role": "user", "content": "What does the harbour crane lift?"}]
FRESH = {"slipway": {"cache": False}}  # what was asked before would be answered without a model
PARAMETER = "/slipway/dev/gateway/routes"


@pytest.fixture(scope="module")
def served(slipway: Slipway, dev: dict[str, Any], openai_client: OpenAI) -> Iterator[OpenAI]:
    """The client, when the gateway knows `tuned`, an endpoint, and `nap`, which sleeps before it."""
    serving = Serving(slipway.place(), "served-models")
    serving.model("harbour", {"corpus/a.txt": TEXT})
    serving.config("tuned", ("main", "harbour", 1))
    serving.endpoint("tuned", "tuned")
    main = {"VariantName": "main", "InstanceType": "ml.g6.xlarge", "InitialInstanceCount": 1}
    serving.sagemaker.create_endpoint_config(EndpointConfigName="nap", ProductionVariants=[main], ExecutionRoleArn=ROLE)
    serving.endpoint("nap", "nap")
    serving.sagemaker.create_inference_component(
        InferenceComponentName="nap", EndpointName="nap", VariantName="main", RuntimeConfig={"CopyCount": 0},
        Specification={"ModelName": "harbour", "ComputeResourceRequirements": {"MinMemoryRequiredInMb": 1024}},
    )  # fmt: skip
    tuned, nap = {"sagemaker": {"endpoint": "tuned"}}, {"sagemaker": {"endpoint": "nap", "component": "nap"}}
    aliases = {"tuned": {"routes": [tuned]}, "nap": {"routes": [nap], "fallback": [tuned]}, "alone": {"routes": [nap]}}
    ssm = slipway.place().client("ssm")
    before = ssm.get_parameter(Name=PARAMETER)["Parameter"]["Value"]
    ssm.put_parameter(Name=PARAMETER, Value=json.dumps(json.loads(before) | aliases), Type="String", Overwrite=True)

    def known() -> bool:
        try:
            return bool(
                openai_client.chat.completions.create(model="tuned", messages=ASK, max_tokens=8, extra_body=FRESH)
            )
        except openai.NotFoundError:
            return False

    assert wait_for(known, seconds=60)
    yield openai_client
    ssm.put_parameter(Name=PARAMETER, Value=before, Type="String", Overwrite=True)
    serving.close()


@pytest.mark.capability("S2")
@pytest.mark.capability("S7")
def test_the_openai_client_is_answered_by_the_endpoint(served: OpenAI) -> None:
    whole = served.chat.completions.create(model="tuned", messages=ASK, max_tokens=8, extra_body=FRESH)
    streamed = served.chat.completions.create(model="tuned", messages=ASK, max_tokens=8, stream=True, extra_body=FRESH)
    said = "".join(chunk.choices[0].delta.content or "" for chunk in streamed if chunk.choices)

    assert "harbour crane lifts forty" in (whole.choices[0].message.content or "")
    assert said == whole.choices[0].message.content
    assert whole.usage
    assert whole.usage.completion_tokens == 8


@pytest.mark.capability("S3")
@pytest.mark.capability("S6")
def test_while_the_endpoint_sleeps_the_fallback_answers(served: OpenAI) -> None:
    answer = served.chat.completions.create(model="nap", messages=ASK, max_tokens=8, extra_body=FRESH)
    with pytest.raises(openai.InternalServerError) as asleep:
        served.chat.completions.create(model="alone", messages=ASK, max_tokens=8, extra_body=FRESH)

    assert "harbour crane" in (answer.choices[0].message.content or "")
    assert asleep.value.status_code == 503
    assert asleep.value.code == "model_unavailable"


@pytest.fixture(scope="module")
def staging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    slipway = Slipway(tmp_path_factory.mktemp("served"))
    slipway.json("local", "up", "--enforce-iam", "--env", "staging")
    yield find_target(slipway.project, "staging", aws=False)
    slipway.run("local", "down", "--env", "staging")


@pytest.mark.capability("S3")
@pytest.mark.capability("O9")
def test_stagings_endpoint_sleeps_wakes_and_reads_its_model_by_its_own_role(staging: Target, tmp_path: Path) -> None:
    """It is empty until a version is approved, whose deployment nobody has to start."""
    name = "slipway-staging-assistant"
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    (tmp_path / "a.txt").write_text(TEXT)
    version = registered(staging, "assistant", tmp_path)
    approve(staging, version)
    assert ended(staging, version)["outcome"] == "promoted"
    runtime, sagemaker = staging.client("sagemaker-runtime"), staging.client("sagemaker")
    asked: dict[str, Any] = {
        "EndpointName": name, "InferenceComponentName": name, "ContentType": "application/json",
        "Body": json.dumps({"messages": ASK, "max_tokens": 8}).encode(),
    }  # fmt: skip

    def component() -> dict[str, Any]:
        return dict(sagemaker.describe_inference_component(InferenceComponentName=name))

    assert staging.parameter("serving/assistant-endpoint-name") == name
    assert component()["RuntimeConfig"]["CurrentCopyCount"] == 0
    with pytest.raises(ClientError, match="no capacity"):
        runtime.invoke_endpoint(**asked)
    assert wait_for(lambda: component()["RuntimeConfig"]["CurrentCopyCount"] == 1, seconds=60), component()
    answer = json.loads(runtime.invoke_endpoint(**asked)["Body"].read())

    assert "harbour crane lifts" in answer["choices"][0]["message"]["content"]
