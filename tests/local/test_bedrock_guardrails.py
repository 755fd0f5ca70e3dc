"""Guardrails: the control plane, what each policy finds, and a guardrail around a conversation."""

from __future__ import annotations

import io
import json
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from slipway_local.aws import Place
from slipway_local.bedrock import Bedrock, BedrockControl, BedrockRuntime, Guardrails
from slipway_local.bedrock.guardrails.entities import find, luhn
from slipway_local.serving import serve
from support.shapes import check_answer

pytestmark = pytest.mark.capability("O14")
MODEL = "amazon.nova-lite-v1:0"
BLOCKED = {"blockedInputMessaging": "Not this question.", "blockedOutputsMessaging": "Not this answer."}


@pytest.fixture(scope="module")
def url(bedrock_app: BedrockRuntime) -> Iterator[str]:
    """A Bedrock of runtime and control plane; what neither serves fails."""
    place = Place(endpoint_url="")

    def rest(environ: Any, start_response: Any) -> Any:
        raise AssertionError(environ["PATH_INFO"])

    guardrails = Guardrails(place)
    runtime = BedrockRuntime(guardrails=guardrails)
    runtime.embedder = bedrock_app.embedder
    with serve(Bedrock(runtime, BedrockControl(guardrails), rest)) as served:
        yield served


@pytest.fixture
def control(url: str, make_client: Any) -> Any:
    return make_client("bedrock", url)


@pytest.fixture
def runtime(url: str, make_client: Any) -> Any:
    return make_client("bedrock-runtime", url)


@pytest.fixture
def guardrail(control: Any) -> Iterator[Callable[..., str]]:
    """Make a guardrail of these policies and return its id."""
    made: list[str] = []

    def make(**policies: Any) -> str:
        answer = control.create_guardrail(name=f"guard-{len(made)}", **BLOCKED, **policies)
        made.append(answer["guardrailId"])
        return made[-1]

    yield make
    for one in made:
        control.delete_guardrail(guardrailIdentifier=one)


@pytest.fixture
def apply(url: str) -> Callable[..., dict[str, Any]]:
    """ApplyGuardrail over plain HTTP: the answer as it was sent, checked against botocore's shape."""

    def call(guardrail_id: str, text: str, source: str = "INPUT", *more: Any, **settings: Any) -> dict[str, Any]:
        body = {"source": source, "content": [{"text": {"text": text}}, *more], **settings}
        request = urllib.request.Request(
            f"{url}/guardrail/{guardrail_id}/version/DRAFT/apply", json.dumps(body).encode(), method="POST"
        )
        with urllib.request.urlopen(request) as response:
            answer: dict[str, Any] = json.load(response)
        check_answer("bedrock-runtime", "ApplyGuardrail", answer)
        return answer

    return call


def pii(*entities: str, action: str = "ANONYMIZE") -> dict[str, Any]:
    return {
        "sensitiveInformationPolicyConfig": {"piiEntitiesConfig": [{"type": e, "action": action} for e in entities]}
    }


def test_a_guardrail_has_a_draft_and_versions_that_stay_as_they_are(control: Any, guardrail: Any) -> None:
    # https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-deploy.html
    made = guardrail(description="first", wordPolicyConfig={"wordsConfig": [{"text": "durian"}]})
    version = control.create_guardrail_version(guardrailIdentifier=made, description="one")["version"]
    assert version == "1"
    arn = control.get_guardrail(guardrailIdentifier=made)["guardrailArn"]
    control.update_guardrail(guardrailIdentifier=arn, name="renamed", **BLOCKED)
    draft = control.get_guardrail(guardrailIdentifier=arn)
    assert (draft["name"], draft["version"], draft["status"], "wordPolicy" in draft) == (
        "renamed",
        "DRAFT",
        "READY",
        False,
    )
    kept = control.get_guardrail(guardrailIdentifier=made, guardrailVersion="1")
    assert kept["wordPolicy"]["words"] == [{"text": "durian"}]
    assert kept["description"] == "one"
    assert [one["version"] for one in control.list_guardrails(guardrailIdentifier=made)["guardrails"]] == ["DRAFT", "1"]
    assert made in {one["id"] for one in control.list_guardrails()["guardrails"]}
    control.delete_guardrail(guardrailIdentifier=made, guardrailVersion="1")
    with pytest.raises(control.exceptions.ResourceNotFoundException):
        control.get_guardrail(guardrailIdentifier=made, guardrailVersion="1")


def test_what_bedrock_refuses_to_make_is_refused(control: Any, guardrail: Any, url: str) -> None:
    made = guardrail()
    name = control.get_guardrail(guardrailIdentifier=made)["name"]
    with pytest.raises(control.exceptions.ConflictException):
        control.create_guardrail(name=name, **BLOCKED)
    reasoning = {"policies": ["arn:aws:bedrock:us-east-1:123456789012:automated-reasoning-policy/abcdefghijkl:1"]}
    with pytest.raises(ClientError, match="does not emulate automated reasoning"):
        control.create_guardrail(name="reasons", automatedReasoningPolicyConfig=reasoning, **BLOCKED)
    request = urllib.request.Request(f"{url}/guardrails", b'{"name": "half"}', method="POST")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    assert "blockedInputMessaging" in json.load(caught.value)["message"]


def test_words_block_whatever_their_case_and_only_as_words(guardrail: Any, apply: Any) -> None:
    # https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-word-filters.html
    made = guardrail(wordPolicyConfig={"wordsConfig": [{"text": "acme corp"}, {"text": "cat"}]})
    answer = apply(made, "Is ACME Corp any good?")
    assert answer["action"] == "GUARDRAIL_INTERVENED"
    assert answer["outputs"] == [{"text": "Not this question."}]
    words = answer["assessments"][0]["wordPolicy"]["customWords"]
    assert words == [{"match": "ACME Corp", "action": "BLOCKED", "detected": True}]
    assert answer["usage"]["wordPolicyUnits"] == 1
    assert apply(made, "A cat", "OUTPUT")["outputs"] == [{"text": "Not this answer."}]
    fine = apply(made, "A catalogue of concatenations.")
    assert (fine["action"], fine["outputs"], fine["actionReason"]) == ("NONE", [], "No action.")


@pytest.mark.parametrize(
    ("entity", "text", "found"),
    # The checksums: ISO/IEC 7812-1 (cards), ISO 13616 (IBAN); the numbers are the documentation's own examples.
    [
        ("EMAIL", "Write to jane.doe+x@mail.example.com.", ["jane.doe+x@mail.example.com"]),
        ("EMAIL", "me@localhost, @home", []),
        ("PHONE", "Call +1 206-555-0100 or (206) 555-0101, not 2026-11-21 or 10.0.0.1.", ["+1 206-555-0100",
                                                                                         "(206) 555-0101"]),
        ("CREDIT_DEBIT_CARD_NUMBER", "4111 1111 1111 1111, not 4111 1111 1111 1112", ["4111 1111 1111 1111"]),
        ("US_SOCIAL_SECURITY_NUMBER", "078-05-1120, 000-12-3456, 666-12-3456", ["078-05-1120"]),
        ("IP_ADDRESS", "192.0.2.7 and 2001:db8::1, not 300.1.1.1 or 12:30", ["192.0.2.7", "2001:db8::1"]),
        ("AWS_ACCESS_KEY", "AKIAIOSFODNN7EXAMPLE and AKIASHORT", ["AKIAIOSFODNN7EXAMPLE"]),
        ("AWS_SECRET_KEY", "key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY1", []),
        ("AWS_SECRET_KEY", "key wJalr1UtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
         ["wJalr1UtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"]),
        ("INTERNATIONAL_BANK_ACCOUNT_NUMBER", "GB82 WEST 1234 5698 7654 32, not GB83 WEST 1234 5698 7654 32",
         ["GB82 WEST 1234 5698 7654 32"]),
        ("MAC_ADDRESS", "00:1b:44:11:3a:b7", ["00:1b:44:11:3a:b7"]),
        ("URL", "See https://example.com/a?b=c.", ["https://example.com/a?b=c"]),
        ("US_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER", "912-70-1234 but 912-00-1234", ["912-70-1234"]),
        ("UK_NATIONAL_INSURANCE_NUMBER", "AB 12 34 56 C, DQ 12 34 56 C", ["AB 12 34 56 C"]),
        ("CA_SOCIAL_INSURANCE_NUMBER", "046 454 286, 046 454 287", ["046 454 286"]),
    ],
)  # fmt: skip
def test_personal_data_is_told_by_pattern_and_checksum(entity: str, text: str, found: list[str]) -> None:
    assert list(find(entity, text)) == found


def test_luhn_knows_a_wrong_digit() -> None:
    assert luhn("79927398713")
    assert not any(luhn(f"7992739871{digit}") for digit in "012456789")


def test_personal_data_is_masked_or_blocked_as_each_setting_says(guardrail: Any, apply: Any) -> None:
    # https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-sensitive-filters.html
    settings = pii("EMAIL", "PHONE")
    policy = settings["sensitiveInformationPolicyConfig"]
    policy["piiEntitiesConfig"].append({"type": "US_SOCIAL_SECURITY_NUMBER", "action": "BLOCK", "inputEnabled": False})
    policy["regexesConfig"] = [{"name": "order", "pattern": r"ORD-\d{4}", "action": "ANONYMIZE"}]
    made = guardrail(**settings)
    answer = apply(made, "Ann: ann@example.com, ORD-1234.", "INPUT", {"text": {"text": "Call (206) 555-0101"}})
    assert answer["action"] == "GUARDRAIL_INTERVENED"
    assert answer["outputs"] == [{"text": "Ann: {EMAIL}, {order}."}, {"text": "Call {PHONE}"}]
    found = answer["assessments"][0]["sensitiveInformationPolicy"]
    assert [(one["type"], one["match"], one["action"]) for one in found["piiEntities"]] == [
        ("EMAIL", "ann@example.com", "ANONYMIZED"), ("PHONE", "(206) 555-0101", "ANONYMIZED"),
    ]  # fmt: skip
    assert found["regexes"][0]["name"] == "order"
    assert apply(made, "078-05-1120")["action"] == "NONE", "not enabled for input"
    assert apply(made, "078-05-1120", "OUTPUT")["outputs"] == [{"text": "Not this answer."}]


def test_a_denied_topic_is_a_sentence_close_to_its_definition_or_examples(guardrail: Any, apply: Any) -> None:
    # https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-denied-topics.html; the means are our own
    topic = {
        "name": "Investment",
        "type": "DENY",
        "definition": "Advice about how to invest money in stocks, funds or bonds.",
        "examples": ["Which stocks should I buy?", "Should I put my savings into bonds?"],
    }
    made = guardrail(topicPolicyConfig={"topicsConfig": [topic]})
    answer = apply(made, "Hello there. What stocks should I buy now?")
    assert answer["assessments"][0]["topicPolicy"]["topics"] == [
        {"name": "Investment", "type": "DENY", "action": "BLOCKED", "detected": True}
    ]
    fine = apply(made, "How do I reset my password?", outputScope="FULL")
    assert fine["action"] == "NONE"
    assert fine["assessments"][0]["topicPolicy"]["topics"][0]["detected"] is False


def test_an_answer_is_compared_with_its_source_and_its_query(guardrail: Any, runtime: Any) -> None:
    # https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-contextual-grounding-check.html
    filters = [{"type": "GROUNDING", "threshold": 0.5}, {"type": "RELEVANCE", "threshold": 0.4}]
    made = guardrail(contextualGroundingPolicyConfig={"filtersConfig": filters})

    def ask(answer: str) -> tuple[str, dict[str, str]]:
        content = [
            {"text": {"text": "London is the capital of the UK. Tokyo is the capital of Japan.",
                      "qualifiers": ["grounding_source"]}},
            {"text": {"text": "What is the capital of Japan?", "qualifiers": ["query"]}},
            {"text": {"text": answer, "qualifiers": ["guard_content"]}},
        ]  # fmt: skip
        response = runtime.apply_guardrail(
            guardrailIdentifier=made, guardrailVersion="DRAFT", source="OUTPUT", content=content
        )
        found = response["assessments"][0]["contextualGroundingPolicy"]["filters"]
        return response["action"], {one["type"]: one["action"] for one in found}

    assert ask("The capital of Japan is Tokyo.") == ("NONE", {"GROUNDING": "NONE", "RELEVANCE": "NONE"})
    assert ask("My cat likes to sleep on the sofa.")[1] == {"GROUNDING": "BLOCKED", "RELEVANCE": "BLOCKED"}


def test_what_is_not_assessed_is_said(guardrail: Any, apply: Any) -> None:
    hate = {"type": "HATE", "inputStrength": "HIGH", "outputStrength": "HIGH"}
    made = guardrail(
        contentPolicyConfig={"filtersConfig": [hate]},
        wordPolicyConfig={"managedWordListsConfig": [{"type": "PROFANITY"}]},
        **pii("NAME", "EMAIL"),
    )
    answer = apply(made, "Hello.")
    words = "No action. Not assessed by the local cloud: content filter HATE, word list PROFANITY, personal data NAME."
    assert answer["actionReason"] == words
    assert answer["usage"]["contentPolicyUnits"] == 0


@pytest.fixture
def ask(runtime: Any) -> Callable[..., Any]:
    def converse(guardrail_id: str, *content: dict[str, Any]) -> Any:
        config = {"guardrailIdentifier": guardrail_id, "guardrailVersion": "DRAFT", "trace": "enabled"}
        return runtime.converse(
            modelId=MODEL, messages=[{"role": "user", "content": list(content)}], guardrailConfig=config
        )

    return converse


DOCUMENTS = (
    '<document index="1"><document_content>The support desk can be reached at help@example.com by everyone.'
    "</document_content></document><question>How can the support desk be reached?</question>"
)


def test_a_blocked_question_never_reaches_the_model(guardrail: Any, ask: Any) -> None:
    # https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-use-converse-api.html
    made = guardrail(wordPolicyConfig={"wordsConfig": [{"text": "durian"}]})
    response = ask(made, {"text": "Where is the durian?"})
    assert response["stopReason"] == "guardrail_intervened"
    assert response["output"]["message"]["content"] == [{"text": "Not this question."}]
    assert response["usage"]["totalTokens"] == 0
    trace = response["trace"]["guardrail"]
    assert trace["inputAssessment"][made]["wordPolicy"]["customWords"][0]["match"] == "durian"
    assert "outputAssessments" not in trace
    # Only what is marked is guarded: guardContent in the same page.
    marked = ask(made, {"text": "Where is the durian?"}, {"guardContent": {"text": {"text": "And the apple?"}}})
    assert marked["stopReason"] == "end_turn"


def test_an_answer_is_masked_or_blocked_after_the_model(guardrail: Any, ask: Any) -> None:
    output_only = {"type": "EMAIL", "action": "ANONYMIZE", "inputEnabled": False}
    made = guardrail(sensitiveInformationPolicyConfig={"piiEntitiesConfig": [output_only]})
    response = ask(made, {"text": DOCUMENTS})
    assert "reached at {EMAIL} by everyone" in response["output"]["message"]["content"][0]["text"]
    assert response["stopReason"] == "guardrail_intervened"
    assert "help@example.com" in response["trace"]["guardrail"]["modelOutput"][0]
    blocked = guardrail(sensitiveInformationPolicyConfig={"piiEntitiesConfig": [output_only | {"action": "BLOCK"}]})
    response = ask(blocked, {"text": DOCUMENTS})
    assert response["output"]["message"]["content"] == [{"text": "Not this answer."}]
    assert response["usage"]["outputTokens"] > 0


def test_what_is_masked_in_the_question_is_masked_for_the_model(guardrail: Any, ask: Any) -> None:
    made = guardrail(**pii("EMAIL"))
    text = ask(made, {"text": DOCUMENTS})["output"]["message"]["content"][0]["text"]
    assert "reached at {EMAIL} by everyone" in text


def test_a_guardrail_that_does_not_exist_is_named(ask: Any) -> None:
    with pytest.raises(ClientError, match="guardrail identifier or version") as caught:
        ask("nosuchguard1", {"text": "hi"})
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_the_stream_of_a_guarded_conversation_is_the_guarded_reply(guardrail: Any, runtime: Any) -> None:
    made = guardrail(**pii("EMAIL"))
    config = {"guardrailIdentifier": made, "guardrailVersion": "DRAFT", "trace": "enabled"}
    response = runtime.converse_stream(
        modelId=MODEL, messages=[{"role": "user", "content": [{"text": DOCUMENTS}]}], guardrailConfig=config
    )
    events = list(response["stream"])
    text = "".join(event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event)
    assert "{EMAIL}" in text
    assert "help@example.com" not in text
    assert events[-1]["metadata"]["trace"]["guardrail"]["inputAssessment"]


def test_models_are_listed_and_described(control: Any, url: str) -> None:
    # https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListFoundationModels.html
    listed = {one["modelId"]: one for one in control.list_foundation_models()["modelSummaries"]}
    assert listed[MODEL]["outputModalities"] == ["TEXT"]
    assert listed["amazon.titan-embed-text-v2:0"]["outputModalities"] == ["EMBEDDING"]
    described = control.get_foundation_model(modelIdentifier=MODEL)["modelDetails"]
    assert described["providerName"] == "Amazon"
    with pytest.raises(control.exceptions.ResourceNotFoundException):
        control.get_foundation_model(modelIdentifier="amazon.no-such-model")
    with urllib.request.urlopen(f"{url}/foundation-models") as response:
        check_answer("bedrock", "ListFoundationModels", json.load(response))


def test_cohere_embeds_many_texts_at_once(runtime: Any) -> None:
    # https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed-v4.html
    def embed(model: str, **body: Any) -> Any:
        answer = runtime.invoke_model(modelId=model, body=json.dumps({"input_type": "search_document", **body}))
        return json.load(io.BytesIO(answer["body"].read()))

    texts = ["A cat sleeps.", "A dog barks."]
    third = embed("cohere.embed-multilingual-v3", texts=texts)
    assert (third["response_type"], [len(vector) for vector in third["embeddings"]]) == (
        "embeddings_floats",
        [1024] * 2,
    )
    fourth = embed("cohere.embed-v4:0", texts=texts, embedding_types=["float"], output_dimension=256)
    assert [len(vector) for vector in fourth["embeddings"]["float"]] == [256] * 2
    assert len(embed("cohere.embed-v4:0", texts=texts)["embeddings"][0]) == 1536
    for wrong, words in (
        ({"texts": []}, "expected 1 to 96"),
        ({"texts": texts, "input_type": "poem"}, "input_type"),
        ({"texts": texts, "images": []}, "extraneous key"),
        ({"texts": texts, "embedding_types": ["int8"]}, "float only"),
    ):
        with pytest.raises(ClientError, match=words):
            embed("cohere.embed-v4:0", **wrong)
