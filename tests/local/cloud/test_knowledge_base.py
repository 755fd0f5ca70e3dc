"""From curated documents to what a knowledge base finds: texts and metadata files, ingestion jobs, the tenant's filter.

Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent_StartIngestionJob.html,
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_Retrieve.html and
https://docs.aws.amazon.com/bedrock/latest/userguide/s3-data-source-connector.html
"""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from slipway_runtime.operate.curated import Curated, object_key
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.prepare.curate import CuratedDocument
from slipway_runtime.retrieve.filters import Compare, Compound, Equals, Filter, InvalidFilter, Not, OneOf, matches
from slipway_runtime.retrieve.knowledge_base.documents import PREFIX, SIDECAR, Documents, metadata, text_key
from slipway_runtime.retrieve.knowledge_base.ingestion import Ingestion, IngestionBusy
from slipway_runtime.retrieve.knowledge_base.retrieval_filter import retrieval_filter
from slipway_runtime.retrieve.knowledge_base.search import KnowledgeBase
from slipway_runtime.retrieve.search import Wanted
from slipway_runtime.retrieve.stores.contract import UnsupportedMode
from support.waiting import wait_for

pytestmark = pytest.mark.capability("R5")
ROLE = "arn:aws:iam::123456789012:role/knowledge"
MODEL = "arn:aws:bedrock:us-east-1::foundation-model/amazon.titan-embed-text-v2:0"
VECTORS = {"type": "VECTOR", "vectorKnowledgeBaseConfiguration": {"embeddingModelArn": MODEL}}
STORAGE = {
    "type": "S3_VECTORS",
    "s3VectorsConfiguration": {"indexArn": "arn:aws:s3vectors:us-east-1:123456789012:bucket/b/index/knowledge-base"},
}


@dataclass
class Knowledge:
    """A knowledge base over a bucket of its own."""

    agent: Any
    runtime: Any
    s3: Any
    bucket: str
    base: str
    source: str

    @property
    def ingestion(self) -> Ingestion:
        return Ingestion(client=self.agent, knowledge_base_id=self.base, data_source_id=self.source)

    @property
    def search(self) -> KnowledgeBase:
        return KnowledgeBase(client=self.runtime, knowledge_base_id=self.base, hybrid=True)

    def put(self, name: str, text: str, tenant: str = "acme", **attributes: Any) -> None:
        held = CuratedDocument(
            document_id=name, tenant=tenant, path=f"{name}.md", source_version="v", sha256="0", rules="r", title=name,
            media_type="text/markdown", language="en", text=text, pages=[], headings=[], counts={},
            attributes=attributes,
        )  # fmt: skip
        Curated(client=self.s3, bucket=self.bucket).put(held, "1")
        Documents(client=self.s3, bucket=self.bucket).bring(tenant, name)

    def ingest(self) -> dict[str, int]:
        job = self.ingestion.start()
        named = {"knowledgeBaseId": self.base, "dataSourceId": self.source, "ingestionJobId": job}
        wait_for(lambda: self.agent.get_ingestion_job(**named)["ingestionJob"]["status"] == "COMPLETE")
        return dict(self.agent.get_ingestion_job(**named)["ingestionJob"]["statistics"])

    def found(self, text: str, tenant: str = "acme", **other: Any) -> list[str]:
        hits = self.search.search(tenant, Wanted(text=text, limit=other.pop("limit", 10), **other), Deadline.after(30))
        return [hit.document_id for hit in hits]


@pytest.fixture
def knowledge(local_cloud: Any, request: pytest.FixtureRequest) -> Knowledge:
    client = local_cloud.place.client
    agent, s3 = client("bedrock-agent"), client("s3")
    name = f"knowledge-{abs(hash(request.node.name))}"
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    made = agent.create_knowledge_base(
        name=name, roleArn=ROLE, knowledgeBaseConfiguration=VECTORS, storageConfiguration=STORAGE
    )
    base = made["knowledgeBase"]["knowledgeBaseId"]
    configuration = {
        "type": "S3",
        "s3Configuration": {"bucketArn": f"arn:aws:s3:::{name}", "inclusionPrefixes": [PREFIX]},
    }
    source = agent.create_data_source(knowledgeBaseId=base, name="curated", dataSourceConfiguration=configuration)
    return Knowledge(agent, client("bedrock-agent-runtime"), s3, name, base, source["dataSource"]["dataSourceId"])


def test_what_changes_is_read_by_a_job_and_what_is_gone_is_no_longer_found(knowledge: Knowledge) -> None:
    knowledge.put("tomato", "Ripe tomatoes need six hours of sun a day.", year=2024, tags=["garden", "food"])
    knowledge.put("boiler", "Press the red button of the boiler for ten seconds.", year=2019)
    assert knowledge.ingest()["numberOfNewDocumentsIndexed"] == 2
    assert knowledge.found("How much sun do tomatoes need?")[0] == "tomato"
    (first, *_) = knowledge.search.search("acme", Wanted(text="boiler button", limit=1), Deadline.after(30))
    assert (first.path, first.content) == ("boiler.md", "Press the red button of the boiler for ten seconds.")
    knowledge.put("tomato", "Tomatoes are stored in a cool, dark place.")
    knowledge.s3.delete_object(Bucket=knowledge.bucket, Key=object_key("acme", "boiler"))
    assert not Documents(client=knowledge.s3, bucket=knowledge.bucket).bring("acme", "boiler")
    statistics = knowledge.ingest()
    assert (statistics["numberOfModifiedDocumentsIndexed"], statistics["numberOfDocumentsDeleted"]) == (1, 1)
    assert knowledge.found("boiler button") == ["tomato"]


def test_no_tenant_finds_anothers_documents_whatever_the_filter(knowledge: Knowledge) -> None:
    knowledge.put("ours", "The garden opens at nine.", colour="red")
    knowledge.put("theirs", "The garden opens at nine.", tenant="other", colour="red")
    knowledge.s3.put_object(Bucket=knowledge.bucket, Key=f"{PREFIX}stray.txt", Body=b"The garden opens at nine.")
    knowledge.ingest()
    wide = Compound("or", (Equals("eq", "colour", "red"), Not(Equals("eq", "colour", "red"))))
    for wanted in (None, wide, Equals("eq", "document_id", "theirs"), Not(Equals("eq", "document_id", "ours"))):
        assert set(knowledge.found("garden", filter=wanted)) <= {"ours"}
        assert set(knowledge.found("garden", "other", filter=wanted)) <= {"theirs"}
    assert knowledge.found("garden") == ["ours"]
    assert knowledge.found("garden", "nobody") == []


HELD: dict[str, dict[str, Any]] = {
    "a": {"language": "de", "year": 2020, "tags": ["x", "y"]},
    "b": {"language": "en", "year": 2024, "draft": True},
    "c": {"year": 2.5, "tags": ["y"]},
    "d": {},
}
FILTERS: list[tuple[Filter, bool]] = [
    (Equals("eq", "language", "de"), True),
    (Equals("eq", "tags", "y"), True),
    (Equals("eq", "draft", True), True),
    (Equals("ne", "language", "de"), False),
    (OneOf("in", "language", ("de", "en")), True),
    (OneOf("nin", "tags", ("x",)), False),
    (Compare("gte", "year", 2.5), True),
    (Compound("and", (Compare("gt", "year", 3), Equals("eq", "language", "en"))), True),
    (Compound("or", (Equals("eq", "tags", "x"), Compare("lt", "year", 3))), True),
    (Not(Compound("and", (Compare("gt", "year", 3), Equals("eq", "tags", "y")))), False),
    (Compound("and", tuple(Compare("gt", "year", n) for n in range(8))), False),
]


def test_a_filter_means_what_it_means_in_every_store(knowledge: Knowledge) -> None:
    for name, attributes in HELD.items():
        knowledge.put(name, "The garden opens at nine.", **attributes)
    knowledge.ingest()
    for wanted, whole in FILTERS:
        expected = {name for name, attributes in HELD.items() if matches(wanted, attributes)}
        assert set(knowledge.found("garden", filter=wanted)) == expected, wanted
        assert retrieval_filter("acme", wanted).whole == whole, wanted


def test_a_filter_that_leaves_too_few_of_the_best_hundred_is_refused(knowledge: Knowledge) -> None:
    knowledge.put("long", "word " * 300 * 110)
    knowledge.ingest()
    with pytest.raises(InvalidFilter, match="leaves too few of the 100"):
        knowledge.found("word", filter=Not(Equals("eq", "document_id", "long")))


def test_the_search_is_chosen_and_what_is_not_there_is_refused_by_name(knowledge: Knowledge) -> None:
    knowledge.put("a", "The garden opens at nine.")
    knowledge.ingest()
    for mode in ("hybrid", "vector", None):
        assert knowledge.found("garden", mode=mode) == ["a"]
    with pytest.raises(UnsupportedMode, match="knowledge base has no keyword search; it has hybrid, vector"):
        knowledge.found("garden", mode="keyword")


def test_one_job_runs_at_a_time(knowledge: Knowledge) -> None:
    for number in range(30):
        knowledge.put(f"d{number}", "The garden opens at nine.")
    named = {"knowledgeBaseId": knowledge.base, "dataSourceId": knowledge.source}
    started = knowledge.agent.start_ingestion_job(**named)["ingestionJob"]
    assert started["status"] == "STARTING"
    with pytest.raises(IngestionBusy, match=r"is (STARTING|IN_PROGRESS)|ConflictException"):
        knowledge.ingestion.start()
    newest = {"attribute": "STARTED_AT", "order": "DESCENDING"}

    def done() -> bool:
        jobs = knowledge.agent.list_ingestion_jobs(**named, sortBy=newest)["ingestionJobSummaries"]
        return bool(jobs[0]["status"] == "COMPLETE")

    wait_for(done)
    assert knowledge.ingest()["numberOfNewDocumentsIndexed"] == 0


def test_what_bedrock_refuses_is_refused(knowledge: Knowledge) -> None:
    key = text_key("acme", "a")
    knowledge.s3.put_object(Bucket=knowledge.bucket, Key=key, Body=b"text")
    large = json.dumps({"metadataAttributes": {"x": "y" * 10_240}})
    knowledge.s3.put_object(Bucket=knowledge.bucket, Key=key + SIDECAR, Body=large.encode())
    assert knowledge.ingest()["numberOfDocumentsFailed"] == 1

    def retrieve(**configuration: Any) -> None:
        asked = {"vectorSearchConfiguration": configuration}
        knowledge.runtime.retrieve(
            knowledgeBaseId=knowledge.base, retrievalQuery={"text": "x"}, retrievalConfiguration=asked
        )

    one = {"equals": {"key": "a", "value": 1}}
    for wanted, message in (
        ({"andAll": [one] * 6}, "andAll takes 2 to 5 filters"),
        ({"andAll": [one, {"orAll": [one, {"andAll": [one, one]}]}]}, "at most 2 groups deep"),
        ({"startsWith": {"key": "a", "value": "x"}}, "startsWith is not emulated"),
    ):
        with pytest.raises(ClientError, match=message):
            retrieve(filter=wanted)
    with pytest.raises(knowledge.runtime.exceptions.ResourceNotFoundException):
        knowledge.runtime.retrieve(knowledgeBaseId="0000000000", retrievalQuery={"text": "x"})


def test_metadata_is_what_chunks_are_filtered_by() -> None:
    held = CuratedDocument(
        document_id="d", tenant="acme", path="p.md", source_version="v", sha256="0", rules="r", title="t",
        media_type="text/plain", language="en", text="x", pages=[], headings=[], counts={},
        attributes={"tenant": "other", "tags": [], "year": 3},
    )  # fmt: skip
    assert metadata(held) == {"tenant": "acme", "document_id": "d", "path": "p.md", "year": 3}
