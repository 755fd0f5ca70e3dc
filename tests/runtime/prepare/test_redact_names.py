"""Names through Comprehend: requests and answers in botocore's shapes, limits kept, errors never swallowed."""

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from slipway_runtime.prepare.prepare import prepare
from slipway_runtime.prepare.redact.names import MAX_BYTES, Names, languages, pieces
from slipway_runtime.prepare.rejected import Rejected
from slipway_runtime.prepare.rules.build import build
from slipway_runtime.prepare.rules.settings import Redaction, Rules

ENGLISH = "The report was written by Jane Doe and it is for all of us. Jane Doe knows."
GERMAN = "Der Bericht ist von Erika Mustermann und für die Gäste."


@pytest.fixture
def comprehend():
    """A real client, whose requests and answers botocore checks against the service's model."""
    client = boto3.client("comprehend", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stub:
        client.stub = stub
        yield client


def entity(text: str, name: str, kind: str, at: int = 0) -> dict[str, object]:
    begin = text.index(name, at)
    return {"Type": kind, "Score": 0.99, "BeginOffset": begin, "EndOffset": begin + len(name)}


def answer(client, method: str, text: str, language: str, *entities: dict[str, object]) -> None:
    client.stub.add_response(method, {"Entities": list(entities)}, {"Text": text, "LanguageCode": language})


@pytest.mark.capability("D3")
def test_names_in_english_go_by_the_detector_of_personal_data(comprehend) -> None:
    found = [
        entity(ENGLISH, "Jane Doe", "NAME"),
        entity(ENGLISH, "Jane Doe", "NAME", 40),
        entity(ENGLISH, "us", "ADDRESS"),
    ]
    answer(comprehend, "detect_pii_entities", ENGLISH, "en", *found)
    answer(comprehend, "detect_pii_entities", "a.txt", "en")
    rules = build(Rules(redact=Redaction(kinds=("name",), placeholders="numbered")), comprehend)
    document = prepare(ENGLISH.encode(), "a.txt", rules=rules)
    assert document.text == "The report was written by [NAME_1] and it is for all of us. [NAME_1] knows."
    assert document.counts == {"redact.name": 2}


def test_other_languages_go_by_the_detector_of_entities_and_offsets_are_characters(comprehend) -> None:
    text = GERMAN.replace("Bericht", "Größenbericht 😀")
    answer(comprehend, "detect_entities", text, "de", entity(text, "Erika Mustermann", "PERSON"))
    [span] = Names(client=comprehend)(text)
    assert text[span.start : span.end] == "Erika Mustermann"


def test_what_patterns_find_is_not_sent(comprehend) -> None:
    sent = ENGLISH + " Her address is [EMAIL] at home."
    answer(comprehend, "detect_pii_entities", sent, "en")
    rule = build(Rules(redact=Redaction(kinds=("email", "name"))), comprehend).text_rules[0]
    assert rule.rewrite(sent.replace("[EMAIL]", "jane@example.com"))[0] == sent


def test_a_language_that_comprehend_does_not_know_refuses_the_document(comprehend) -> None:
    text = "Alle mensen worden vrij en gelijk in waardigheid en rechten geboren, en zij zijn het met elkaar."
    with pytest.raises(Rejected) as refused:
        Names(client=comprehend)(text)
    assert refused.value.code == "names_not_redactable"
    assert "the text is in 'nl'" in refused.value.reason


LEAVE = "The handbook says that each person has the right to twenty days of leave, which they have to ask for. "
UNKNOWN = {
    "Russian at both ends": 80 * "Сотрудник Иван Петрович имеет право на отпуск, и об этом сообщила Мария. "
    + 40 * LEAVE,
    "Russian at the end": 10 * LEAVE + 2 * "Сотрудник Иван Петрович имеет право на отпуск. ",
    "a Russian name": 40 * LEAVE + "Иван Петрович said so.",
    "Dutch in the middle": 40 * LEAVE
    + 9 * "De aanvraag van Piet Jansen moet worden ingediend bij de afdeling. "
    + 40 * LEAVE,
    "Norwegian": "Alle ansatte har rett til tjue dager betalt ferie hvert år. Søknaden må leveres til Kari "
    "Nordmann, som "
    "svarer på det innen tre dager. Ved sykdom skal avdelingen få beskjed før klokken ni.",
    "Catalan": "Cada empleat té dret a vint dies de vacances pagades cada any. La sol·licitud s'ha de presentar "
    "a en Jordi "
    "Puig, que respon en tres dies.",
    "Galician": "Cada empregado ten dereito a vinte días de vacacións pagadas cada ano. A solicitude debe "
    "presentarse ao "
    "responsable, que responde no prazo de tres días.",
    "Marathi": "प्रत्येक कर्मचाऱ्याला दरवर्षी वीस दिवसांची पगारी रजा मिळण्याचा हक्क आहे. अर्ज दोन आठवडे आधी द्यावा.",
    "Urdu": "ہر ملازم کو ہر سال بیس دن کی تنخواہ کے ساتھ چھٹی کا حق ہے۔",
    "Marathi in English": 9 * LEAVE + "प्रत्येक कर्मचाऱ्याला दरवर्षी वीस दिवसांची पगारी रजा मिळण्याचा हक्क आहे.",
    "Greek": "Ο Γιώργος Παπαδόπουλος",
}


@pytest.mark.capability("D3")
@pytest.mark.parametrize("text", UNKNOWN.values(), ids=UNKNOWN)
def test_nothing_in_another_language_goes_on_unredacted(comprehend, text: str) -> None:
    with pytest.raises(Rejected) as refused:
        Names(client=comprehend)(text)
    assert refused.value.code == "names_not_redactable"


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        (9 * LEAVE + 20 * "Die Leitung von Erika Mustermann ist für die Gäste zuständig. ", ["de", "en"]),
        (9 * LEAVE + "So says 王小明.", ["en", "zh"]),
        (9 * LEAVE + "So says राम कुमार.", ["en", "hi"]),
        (9 * LEAVE + "5 μm, Ω and α + β.", ["en"]),
        ("Jane Doe, 12 High Street, London; John Smith, 4 Low Lane, Leeds", ["en"]),
    ],
)
def test_a_text_is_looked_at_in_each_of_its_languages(text: str, sent: list[str]) -> None:
    assert languages(text) == sent


def test_an_error_of_the_service_is_an_error_of_the_document(comprehend) -> None:
    comprehend.stub.add_client_error("detect_pii_entities", "ThrottlingException")
    with pytest.raises(ClientError):
        Names(client=comprehend)(ENGLISH)


def test_without_a_client_there_are_no_rules() -> None:
    with pytest.raises(ValueError, match="needs a Comprehend client"):
        build(Rules(redact=Redaction(kinds=("name",))))


@pytest.mark.parametrize("unit", ["word ", "größer ", "日本語", "😀"])
def test_long_texts_are_cut_into_pieces_of_the_services_size_that_overlap(unit: str) -> None:
    text = unit * 70_000
    cut = list(pieces(text))
    assert all(len(piece.encode()) <= MAX_BYTES for _, piece in cut)
    assert all(text.startswith(piece, offset) for offset, piece in cut)
    ends = [offset + len(piece) for offset, piece in cut]
    assert all(following < end for (following, _), end in zip(cut[1:], ends, strict=False))
    assert ends[-1] == len(text)
    assert len(cut) <= 2 + len(text.encode()) // (MAX_BYTES // 2)
