"""What the local Kendra takes, gives and refuses, by boto3.

Source: https://docs.aws.amazon.com/kendra/latest/APIReference/API_BatchPutDocument.html, API_AttributeFilter.html,
API_Query.html and https://docs.aws.amazon.com/kendra/latest/dg/quotas.html
"""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from support.kendra import ServedKendra, served_kendra
from support.waiting import wait_for

pytestmark = pytest.mark.capability("R3")
FIELDS = [
    {"Name": "team", "Type": "STRING_VALUE", "Search": {"Displayable": True, "Facetable": True}},
    {"Name": "tags", "Type": "STRING_LIST_VALUE"},
    {"Name": "year", "Type": "LONG_VALUE", "Search": {"Displayable": True}},
]


@pytest.fixture(scope="module")
def served() -> Iterator[ServedKendra]:
    with served_kendra() as made:
        yield made


@pytest.fixture
def kendra(served: ServedKendra) -> Any:
    return served.client("kendra")


@pytest.fixture
def index(served: ServedKendra, kendra: Any) -> Iterator[str]:
    with served.index() as made:
        kendra.update_index(Id=made, DocumentMetadataConfigurationUpdates=FIELDS)
        yield made


def document(name: str, text: str = "Ripe tomatoes are red.", **attributes: Any) -> dict[str, Any]:
    kinds = {"team": "StringValue", "tags": "StringListValue", "year": "LongValue"}
    held = [{"Key": key, "Value": {kinds[key]: value}} for key, value in attributes.items()]
    return {"Id": name, "Title": name.title(), "Blob": text.encode(), "Attributes": held}


def put(kendra: Any, index: str, *documents: dict[str, Any]) -> None:
    assert kendra.batch_put_document(IndexId=index, Documents=list(documents))["FailedDocuments"] == []
    asked = [{"DocumentId": each["Id"]} for each in documents]

    def indexed() -> bool:
        states = kendra.batch_get_document_status(IndexId=index, DocumentInfoList=asked)["DocumentStatusList"]
        return {each["DocumentStatus"] for each in states} == {"INDEXED"}

    wait_for(indexed)


def equals(key: str, value: str) -> dict[str, Any]:
    return {"EqualsTo": {"Key": key, "Value": {"StringValue": value}}}


def refused(call: Any, match: str, **request: Any) -> None:
    with pytest.raises(ClientError, match=match):
        call(**request)


def test_documents_are_found_a_while_after_and_gone_a_while_after(kendra: Any, index: str) -> None:
    kendra.batch_put_document(IndexId=index, Documents=[document("a")])
    (state,) = kendra.batch_get_document_status(IndexId=index, DocumentInfoList=[{"DocumentId": "a"}])[
        "DocumentStatusList"
    ]
    assert state["DocumentStatus"] == "PROCESSING"

    def found() -> int:
        return int(kendra.query(IndexId=index, QueryText="tomatoes")["TotalNumberOfResults"])

    wait_for(lambda: found() == 1)
    kendra.batch_delete_document(IndexId=index, DocumentIdList=["a", "never was"])
    wait_for(lambda: found() == 0)


def test_filters_facets_and_what_is_displayed(kendra: Any, index: str) -> None:
    put(
        kendra,
        index,
        document("a", team="hr", year=2020, tags=["x", "y"]),
        document("b", team="hr", year=2024, tags=["z"]),
        document("c", "Compost heaps are turned.", team="it"),
    )
    wanted = {"AndAllFilters": [equals("team", "hr"), {"NotFilter": _contains(["z", "w"])}]}
    found = kendra.query(IndexId=index, AttributeFilter=wanted)
    assert [each["DocumentId"] for each in found["ResultItems"]] == ["a"]
    shown = {each["Key"]: each["Value"] for each in found["ResultItems"][0]["DocumentAttributes"]}
    assert shown == {"team": {"StringValue": "hr"}, "year": {"LongValue": 2020}}, "tags are not displayable"
    later = {"GreaterThan": {"Key": "year", "Value": {"LongValue": 2020}}}
    assert [each["DocumentId"] for each in kendra.query(IndexId=index, AttributeFilter=later)["ResultItems"]] == ["b"]
    facets = kendra.query(IndexId=index, PageSize=1, Facets=[{"DocumentAttributeKey": "team"}])["FacetResults"]
    pairs = facets[0]["DocumentAttributeValueCountPairs"]
    assert [(each["DocumentAttributeValue"]["StringValue"], each["Count"]) for each in pairs] == [("hr", 2), ("it", 1)]
    (passage,) = kendra.retrieve(IndexId=index, QueryText="compost")["ResultItems"]
    assert (passage["DocumentId"], passage["Content"]) == ("c", "Compost heaps are turned.")
    assert passage["ScoreAttributes"]["ScoreConfidence"] == "VERY_HIGH"


def _contains(values: list[str]) -> dict[str, Any]:
    return {"ContainsAny": {"Key": "tags", "Value": {"StringListValue": values}}}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (document("a") | {"Attributes": [{"Key": "colour", "Value": {"StringValue": "red"}}]}, "colour is not in"),
        (document("a", tags=[str(n) for n in range(11)]), "11 strings, expected 1 to 10"),
        (document("a") | {"Attributes": [{"Key": "year", "Value": {"StringValue": "x"}}]}, "must be one LongValue"),
        (document("a", "x" * 5_000_001), "5000001 bytes of text"),
        (document("a") | {"ContentType": "PDF"}, "ContentType PDF is not emulated"),
    ],
)
def test_a_document_that_is_wrong_is_refused_and_the_others_are_taken(
    kendra: Any, index: str, document: dict[str, Any], message: str
) -> None:
    answer = kendra.batch_put_document(IndexId=index, Documents=[document, {"Id": "good", "Blob": b"fine"}])

    (failed,) = answer["FailedDocuments"]
    assert (failed["Id"], failed["ErrorCode"]) == ("a", "InvalidRequest")
    assert message in failed["ErrorMessage"]


def test_a_batch_has_ten_documents_at_most(served: ServedKendra, index: str) -> None:
    unchecked = served.client("kendra", validate=False)
    refused(
        unchecked.batch_put_document,
        "between 1 and 10",
        IndexId=index,
        Documents=[document(f"d{n}") for n in range(11)],
    )
    refused(
        unchecked.batch_delete_document, "between 1 and 10", IndexId=index, DocumentIdList=[str(n) for n in range(11)]
    )


DEEP = {"AndAllFilters": [{"OrAllFilters": [{"NotFilter": equals("team", "hr")}]}]}


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (DEEP, "AttributeFilter cannot have a depth of more than 2"),
        ({"OrAllFilters": [equals("team", "hr")] * 11}, "AttributeFilter cannot have a length of more than 10"),
        (equals("colour", "red"), "colour is not in the index's document metadata"),
        (equals("year", "2020"), "must be one LongValue"),
        ({**equals("team", "hr"), "NotFilter": equals("team", "it")}, "must have one condition"),
        (
            {"GreaterThan": {"Key": "team", "Value": {"StringValue": "a"}}},
            "GreaterThan is for LONG_VALUE and DATE_VALUE",
        ),
    ],
)
def test_a_filter_that_kendra_refuses_is_refused(kendra: Any, index: str, wanted: dict[str, Any], message: str) -> None:
    refused(kendra.query, message, IndexId=index, AttributeFilter=wanted)


def test_what_is_not_emulated_is_refused_by_name(kendra: Any, index: str) -> None:
    refused(kendra.query, "'AND': the local Kendra", IndexId=index, QueryText="red AND ripe")
    context = {"Token": "x"}
    refused(kendra.query, "UserContext is not emulated", IndexId=index, UserContext=context)
    refused(kendra.list_data_sources, "ListDataSources is not emulated", IndexId=index)
    changed = [{"Name": "year", "Type": "STRING_VALUE"}]
    refused(
        kendra.update_index, "cannot be changed to STRING_VALUE", Id=index, DocumentMetadataConfigurationUpdates=changed
    )
    missing = "0" * 36
    with pytest.raises(kendra.exceptions.ResourceNotFoundException):
        kendra.describe_index(Id=missing)
