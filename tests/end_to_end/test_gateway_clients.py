"""The gateway under the clients that people have: unmodified openai, curl, and what they see when models fail.

A test's own model server stands behind an alias; the alias is put into the routing table as a deployment would.
"""

import asyncio
import json
import subprocess
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from slipway_local.aws import Place
from support.model_server import ModelServer, model_server
from support.waiting import wait_for

pytestmark = [pytest.mark.capability("S6"), pytest.mark.capability("S7")]
ASK: list[Any] = [{"role": "user", "content": "Count to three."}]
PARAMETER = "/slipway/dev/gateway/routes"


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[ModelServer, ModelServer]]:
    with model_server() as first, model_server() as second:
        yield first, second


@pytest.fixture(scope="module")
def routed(dev: dict[str, Any], openai_client: OpenAI, servers: Any) -> Iterator[OpenAI]:
    """The client, when the function knows the aliases `counted` and `guarded`."""
    ssm = Place(endpoint_url=dev["endpoint_url"]).client("ssm")
    before = ssm.get_parameter(Name=PARAMETER)["Parameter"]["Value"]
    routes = [{"openai": {"url": server.url, "model": "tiny"}, "timeout_seconds": 5} for server in servers]
    aliases = {"counted": {"routes": routes[:1]}, "guarded": {"routes": routes[:1], "fallback": routes[1:]}}
    ssm.put_parameter(Name=PARAMETER, Value=json.dumps(json.loads(before) | aliases), Type="String", Overwrite=True)

    def known() -> bool:
        try:
            return bool(openai_client.chat.completions.create(model="guarded", messages=ASK))
        except openai.NotFoundError:
            return False

    assert wait_for(known, seconds=30)
    yield openai_client
    ssm.put_parameter(Name=PARAMETER, Value=before, Type="String", Overwrite=True)


@pytest.fixture
def first(servers: Any) -> Iterator[ModelServer]:
    """The server that is asked first, calm again afterwards."""
    server = servers[0]
    server.words = ["One", " two", " three"]
    yield server
    server.status, server.raw, server.cut_after, server.statuses = 200, None, None, []
    server.words, server.tool_calls = ["One", " two", " three"], []
    server.finished.clear()
    server.calm()


@pytest.fixture(autouse=True)
def asked_for_the_first_time() -> None:
    """What was asked before is answered by the cache, and no model is called."""
    ASK[0]["content"] = f"Count to three, and forget {uuid.uuid4()}."


def text(chunks: Any) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def test_the_first_token_arrives_before_the_model_has_finished(routed: OpenAI, first: ModelServer) -> None:
    """Through API Gateway's stream, our runtime loop and the model's own stream; the guard waits for a word's end."""
    first.words = ["One ", "two ", "three"]
    first.gate.clear()
    first.finished.clear()
    with routed.chat.completions.create(
        model="counted", messages=ASK, stream=True, stream_options={"include_usage": True}
    ) as stream:
        assert stream.response.headers["content-type"].startswith("text/event-stream")
        assert stream.response.headers["x-slipway-route"].endswith("#tiny")
        chunks = [next(stream), next(stream)]
        assert text(chunks) == "One "
        assert not first.finished.is_set()
        first.gate.set()
        chunks += list(stream)
    assert text(chunks) == "One two three"
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert (chunks[-1].choices, chunks[-1].usage.total_tokens) == ([], 10)


def test_the_async_client_reads_streams_side_by_side(dev: dict[str, Any], routed: OpenAI) -> None:
    async def one(client: AsyncOpenAI) -> str:
        stream = await client.chat.completions.create(model="counted", messages=ASK, stream=True)
        return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    async def all_of_them() -> list[str]:
        async with AsyncOpenAI(base_url=dev["gateway_url"], api_key=dev["api_key"], max_retries=2) as client:
            return list(await asyncio.gather(*(one(client) for _ in range(4))))

    assert asyncio.run(all_of_them()) == ["One two three"] * 4


def test_curl_sees_server_sent_events(dev: dict[str, Any], routed: OpenAI) -> None:
    body = json.dumps({"model": "counted", "messages": ASK, "stream": True})
    command = ["curl", "-sSN", f"{dev['gateway_url']}/chat/completions", "-d", body]
    headers = ["-H", f"Authorization: Bearer {dev['api_key']}", "-H", "Content-Type: application/json"]
    out = subprocess.run([*command, *headers], capture_output=True, text=True, check=True).stdout
    events = out.split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""]
    assert all(json.loads(event.removeprefix("data: "))["object"] == "chat.completion.chunk" for event in events[:-2])


@pytest.mark.parametrize("streamed", [False, True])
def test_another_route_stands_in_for_one_that_fails(routed: OpenAI, first: ModelServer, streamed: bool) -> None:
    first.status = 503
    answer = routed.chat.completions.with_raw_response.create(model="guarded", messages=ASK, stream=streamed)
    parsed: Any = answer.parse()
    assert (text(parsed) if streamed else parsed.choices[0].message.content) == "One two three"


def test_another_route_stands_in_for_one_that_is_silent(routed: OpenAI, first: ModelServer) -> None:
    first.silent.clear()
    answer = routed.chat.completions.create(model="guarded", messages=ASK, stream=True)
    assert text(answer) == "One two three"


def test_a_stream_that_breaks_off_is_an_error_of_the_stream(routed: OpenAI, first: ModelServer) -> None:
    first.cut_after = 2
    seen = []
    with pytest.raises(openai.APIError, match="broke off") as caught:
        seen.extend(routed.chat.completions.create(model="guarded", messages=ASK, stream=True))
    assert caught.value.code == "model_stream_cut"
    assert text(seen) == "One ", "the word that was not ended is not shown"


def test_a_model_that_is_down_is_said_so(routed: OpenAI, first: ModelServer) -> None:
    first.status = 401
    with pytest.raises(openai.InternalServerError) as caught:
        routed.chat.completions.create(model="counted", messages=ASK, stream=True)
    assert caught.value.code == "model_access_denied"


def test_a_reader_that_goes_away_leaves_the_function_well(routed: OpenAI, first: ModelServer) -> None:
    first.gate.clear()
    stream = routed.chat.completions.create(model="counted", messages=ASK, stream=True)
    next(stream)
    stream.close()
    first.gate.set()
    assert routed.chat.completions.create(model="counted", messages=ASK).choices[0].message.content == "One two three"


def test_tools_make_the_round(routed: OpenAI, first: ModelServer) -> None:
    tool: Any = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
    first.tool_calls = [{"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"q": 1}'}}]
    first.words = []
    asked = routed.chat.completions.create(model="counted", messages=ASK, tools=[tool], tool_choice="required")
    called = asked.choices[0].message.tool_calls[0]
    assert (asked.choices[0].finish_reason, called.function.arguments) == ("tool_calls", '{"q": 1}')
    first.tool_calls, first.words = [], ["Seen"]
    result: Any = {"role": "tool", "tool_call_id": called.id, "content": "forty"}
    messages = [*ASK, asked.choices[0].message, result]
    told = routed.chat.completions.create(model="counted", messages=messages, tools=[tool])
    assert told.choices[0].message.content == "Seen"
    assert [each["role"] for each in first.asked[-1]["messages"]] == ["user", "assistant", "tool"]


def test_bedrock_streams_words_and_calls_of_tools(openai_client: OpenAI) -> None:
    chunks = list(openai_client.chat.completions.create(model="fast", messages=ASK, stream=True))
    assert sum(bool(chunk.choices[0].delta.content) for chunk in chunks) > 3
    tool: Any = {
        "type": "function",
        "function": {"name": "look", "parameters": {"type": "object", "properties": {"q": {"type": "string"}}}},
    }
    pieces = [
        call
        for chunk in openai_client.chat.completions.create(
            model="smart", messages=ASK, stream=True, tools=[tool], tool_choice="required"
        )
        for call in chunk.choices[0].delta.tool_calls or []
    ]
    assert (pieces[0].function.name, pieces[0].index) == ("look", 0)
    assert json.loads("".join(piece.function.arguments or "" for piece in pieces)) == {"q": ASK[0]["content"]}


def test_langchain_asks_streams_and_calls_tools(dev: dict[str, Any], routed: OpenAI, first: ModelServer) -> None:
    from langchain_openai import ChatOpenAI, OpenAIEmbeddings

    here: Any = {"base_url": dev["gateway_url"], "api_key": dev["api_key"], "max_retries": 0}
    model = ChatOpenAI(model="counted", **here)
    assert model.invoke("Count.").content == "One two three"
    assert [piece.content for piece in model.stream("Count aloud.") if piece.content] == ["One ", "two ", "three"]
    first.tool_calls = [{"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"q": 1}'}}]
    first.words = []
    schema = {"title": "look", "description": "looks", "type": "object", "properties": {"q": {"type": "integer"}}}
    assert model.bind_tools([schema]).invoke("Look.").tool_calls[0]["args"] == {"q": 1}
    found: Any = model.with_structured_output(schema, method="function_calling").invoke("Look.")
    assert found[0]["args"] == {"q": 1} if isinstance(found, list) else found == {"q": 1}
    assert first.asked[-1]["parallel_tool_calls"] is False
    vectors = OpenAIEmbeddings(model="embedding", check_embedding_ctx_length=False, **here).embed_documents(["a", "b"])
    assert [len(vector) for vector in vectors] == [1024, 1024]


def test_embeddings_in_both_encodings(openai_client: OpenAI) -> None:
    floats = openai_client.embeddings.create(model="embedding", input=["a lamp", "a kettle"], encoding_format="float")
    packed = openai_client.embeddings.create(model="embedding", input="a lamp")
    assert [each.index for each in floats.data] == [0, 1]
    assert packed.data[0].embedding == pytest.approx(floats.data[0].embedding, abs=1e-6)
    assert floats.usage.prompt_tokens > 0
    assert len(openai_client.embeddings.create(model="embedding", input="x", dimensions=256).data[0].embedding) == 256
    for wrong, param in (({"input": [1, 2]}, "input"), ({"input": "x", "dimensions": 7}, "dimensions")):
        with pytest.raises(openai.BadRequestError) as caught:
            openai_client.embeddings.create(model="embedding", **wrong)
        assert caught.value.param == param


def test_models_are_listed_and_described(openai_client: OpenAI) -> None:
    assert {"default", "embedding", "fast", "smart"} <= {model.id for model in openai_client.models.list()}
    assert openai_client.models.retrieve("smart").owned_by == "slipway"
    with pytest.raises(openai.NotFoundError, match="'gpt-9' does not exist"):
        openai_client.models.retrieve("gpt-9")


def test_what_api_gateway_says_by_itself_has_openais_form(dev: dict[str, Any], openai_client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as missing:
        openai_client.get("/nothing", cast_to=object)
    with pytest.raises(openai.AuthenticationError) as unknown:
        openai_client.with_options(api_key="x" * 40).models.list()
    assert (missing.value.code, unknown.value.code) == ("not_found", "invalid_api_key")


def test_grounded_answers_stream_with_their_citations_last(slipway: Any, openai_client: OpenAI, tmp_path: Any) -> None:
    folder = tmp_path / "streamed"
    folder.mkdir()
    (folder / "lamp.md").write_text("# The lamp\n\nThe blue lamp of Aldermoor burns forty hours.\n")
    slipway.json("ingest", folder)
    question: list[Any] = [{"role": "user", "content": "How many hours does the blue lamp of Aldermoor burn?"}]
    fresh = {"slipway": {"cache": False}}
    whole = openai_client.chat.completions.create(model="default", messages=question, extra_body=fresh)
    chunks = list(
        openai_client.chat.completions.create(model="default", messages=question, stream=True, extra_body=fresh)
    )
    assert text(chunks) == whole.choices[0].message.content
    assert chunks[-1].model_extra["slipway"] == whole.model_extra["slipway"]
    assert whole.model_extra["slipway"]["citations"][0]["document"].endswith("lamp.md")
    plain = openai_client.chat.completions.create(
        model="default", messages=question, extra_body={"slipway": {"documents": False}}
    )
    assert "citations" not in (plain.model_extra or {}).get("slipway", {})


def test_many_streams_at_once_stay_apart(routed: OpenAI, first: ModelServer) -> None:
    found: list[str] = []

    def one() -> None:
        client = routed.with_options(max_retries=5)
        found.append(text(client.chat.completions.create(model="counted", messages=ASK, stream=True)))

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == ["One two three"] * 6
