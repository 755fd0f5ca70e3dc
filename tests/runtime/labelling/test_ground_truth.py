"""What Ground Truth is given and gives back; a request is checked against botocore's shape of CreateLabelingJob."""

import json
import re
from typing import Any

import botocore.loaders
import botocore.session
import pytest
from botocore.validate import ParamValidator

from slipway_runtime.labelling.ground_truth import ACCOUNTS, FUNCTIONS, GroundTruth, prepared, read_output
from slipway_runtime.labelling.items import Item
from slipway_runtime.labelling.request import InvalidJob, read_request
from slipway_runtime.labelling.sources import Files

pytestmark = pytest.mark.capability("D7")
TEAM = "arn:aws:sagemaker:eu-west-1:123456789012:workteam/private-crowd/team"
SETTINGS = GroundTruth(region="eu-west-1", role_arn="arn:aws:iam::123456789012:role/labels", workteam_arn=TEAM)
ITEMS = [
    Item(number=1, text="one"),
    Item(number=2, text="two"),
    Item(number=3, text="three", document_id="doc_3", source_version="v3"),
]


class Bucket:
    """S3 as far as these files need it: what was put is what is read."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def put_object(self, *, Key: str, Body: bytes, **_more: Any) -> dict[str, str]:  # noqa: N803
        self.objects[Key] = Body
        return {"ETag": '"etag"'}

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        import io

        return {"Body": io.BytesIO(self.objects[Key])}


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


def files(bucket: Bucket) -> Files:
    return Files(client=bucket, artifacts="artifacts", curated="curated")


def request(kind: str = "single_choice", **more: Any) -> Any:
    task = {"type": kind, "question": "Is <it> {{x}}?", "choices": [] if kind == "text" else ["yes", "no"]}
    return read_request({"name": "A job", "items": "s3://artifacts/x", "task": task, **more})


@pytest.mark.parametrize("kind", FUNCTIONS)
def test_the_request_fits_the_shape_of_the_api(bucket: Bucket, kind: str) -> None:
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateLabelingJob.html"""
    made = prepared(SETTINGS, files(bucket), "job-1", request(kind, votes=3), ITEMS)
    model = botocore.session.get_session().get_service_model("sagemaker").operation_model("CreateLabelingJob")

    report = ParamValidator().validate(made, model.input_shape)

    assert not report.has_errors(), report.generate_report()
    assert re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", made["LabelingJobName"])
    assert made["HumanTaskConfig"]["NumberOfHumanWorkersPerDataObject"] == 3
    manifest = [json.loads(line) for line in bucket.objects["labelling/job-1/manifest.jsonl"].splitlines()]
    assert manifest[1:] == [
        {"source": "two", "item": 2},
        {"source": "three", "item": 3, "document_id": "doc_3", "source_version": "v3"},
    ]
    classes = json.loads(bucket.objects["labelling/job-1/classes.json"])
    assert classes["labels"] == [{"label": "yes"}, {"label": "no"}]
    assert b"Is &lt;it&gt; {{x}}?" in bucket.objects["labelling/job-1/page.liquid"]


def test_the_accounts_of_built_in_functions_are_those_that_the_sdk_documents() -> None:
    members = botocore.loaders.Loader().load_service_model("sagemaker", "service-2")["shapes"]
    documented = members["HumanTaskConfig"]["members"]["PreHumanTaskLambdaArn"]["documentation"]
    found = re.findall(r"arn:aws:lambda:([\w-]+):(\d+):function:PRE-TextMultiClass<", documented)

    assert dict(found) == ACCOUNTS


@pytest.mark.parametrize(("kind", "region"), [("text", "eu-west-1"), ("single_choice", "eu-north-1")])
def test_what_ground_truth_has_no_form_for_is_refused_with_the_switch(bucket: Bucket, kind: str, region: str) -> None:
    settings = GroundTruth(region=region, role_arn=SETTINGS.role_arn, workteam_arn=TEAM)

    with pytest.raises(InvalidJob, match=r"labelling\.ground_truth: false"):
        prepared(settings, files(bucket), "job-1", request(kind), ITEMS)


def test_the_output_manifest_becomes_labels(bucket: Bucket) -> None:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/sms-data-output.html: class-name, class-map, failure-reason."""
    single = [
        {"source": "one", "item": 1, "label": 0, "label-metadata": {"class-name": "yes", "confidence": 0.9}},
        {"source": "two", "item": 2, "label-metadata": {"failure-reason": "too few workers"}},
    ]
    key = "labelling/job-1/ground-truth/job-1/manifests/output/output.manifest"
    bucket.objects[key] = b"".join(json.dumps(line).encode() + b"\n" for line in single)
    found = dict(read_output(files(bucket), "job-1", request().task))
    about = {"class-map": {"1": "no", "0": "yes"}, "confidence-map": {"1": 0.5, "0": 0.8}}
    bucket.objects[key] = json.dumps({"source": "one", "item": 1, "label": [1, 0], "label-metadata": about}).encode()
    many = dict(read_output(files(bucket), "job-1", request("multiple_choice").task))

    assert (found[1].label, found[1].share, found[2].label) == ("yes", 0.9, None)
    assert (many[1].label, many[1].share) == (["yes", "no"], 0.5)
