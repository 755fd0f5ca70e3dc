"""The same job given to SageMaker Ground Truth instead: its input, its request, and its output read back.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateLabelingJob.html (also the accounts of the
functions that prepare and consolidate built-in tasks), https://docs.aws.amazon.com/sagemaker/latest/dg/sms-data-output.html
"""

import html
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from slipway_runtime.labelling.decide import Decision
from slipway_runtime.labelling.items import Item
from slipway_runtime.labelling.job import folder
from slipway_runtime.labelling.request import InvalidJob, JobRequest
from slipway_runtime.labelling.sources import Files
from slipway_runtime.labelling.task import Task

ACCOUNTS = {
    "ap-northeast-1": "477331159723",
    "ap-northeast-2": "845288260483",
    "ap-south-1": "565803892007",
    "ap-southeast-1": "377565633583",
    "ap-southeast-2": "454466003867",
    "ca-central-1": "918755190332",
    "eu-central-1": "203001061592",
    "eu-west-1": "568282634449",
    "eu-west-2": "487402164563",
    "us-east-1": "432418664414",
    "us-east-2": "266458841044",
    "us-west-2": "081040173940",
}
FUNCTIONS = {"single_choice": "TextMultiClass", "multiple_choice": "TextMultiClassMultiLabel"}
ELEMENTS = {"single_choice": "crowd-classifier", "multiple_choice": "crowd-classifier-multi-select"}
ATTRIBUTE = "label"
SECONDS_FOR_A_TASK = 3600
MAX_AVAILABLE_SECONDS = 10 * 24 * 3600  # with a private team
MAX_NAME_CHARACTERS = 63


@dataclass(frozen=True, kw_only=True)
class GroundTruth:
    """Who labels, and what Ground Truth may do."""

    region: str
    role_arn: str
    workteam_arn: str
    key_arn: str = ""


def prepared(
    settings: GroundTruth, files: Files, job_id: str, request: JobRequest, items: list[Item]
) -> dict[str, Any]:
    """Write the manifest, the classes and the page, and return the request of CreateLabelingJob.

    Raises: InvalidJob for a task or a region that Ground Truth has no built-in form for.
    """
    kind = FUNCTIONS.get(request.task.type)
    account = ACCOUNTS.get(settings.region)
    if kind is None or account is None or len(job_id) > MAX_NAME_CHARACTERS:
        raise InvalidJob(
            f"Ground Truth takes the tasks {' and '.join(FUNCTIONS)}, in the regions {', '.join(ACCOUNTS)}, and "
            f"names of at most {MAX_NAME_CHARACTERS} characters; set labelling.ground_truth: false for anything else"
        )
    place, task = folder(job_id), request.task
    # Ground Truth copies members that it does not know into its output, so that both files name the document.
    lines = [
        msgspec.json.encode({"source": item.text, "item": item.number, **_document(item)}) + b"\n" for item in items
    ]
    classes = {"document-version": "2018-11-28", "labels": [{"label": choice} for choice in task.choices]}
    function = f"arn:aws:lambda:{settings.region}:{account}:function:"
    return {
        "LabelingJobName": job_id,
        "LabelAttributeName": ATTRIBUTE,
        "InputConfig": {
            "DataSource": {"S3DataSource": {"ManifestS3Uri": files.put(f"{place}manifest.jsonl", b"".join(lines))}}
        },
        "OutputConfig": {
            "S3OutputPath": f"s3://{files.artifacts}/{place}ground-truth/",
            **({"KmsKeyId": settings.key_arn} if settings.key_arn else {}),
        },
        "RoleArn": settings.role_arn,
        "LabelCategoryConfigS3Uri": files.put(f"{place}classes.json", msgspec.json.encode(classes)),
        "HumanTaskConfig": {
            "WorkteamArn": settings.workteam_arn,
            "UiConfig": {"UiTemplateS3Uri": files.put(f"{place}page.liquid", _page(task).encode())},
            "PreHumanTaskLambdaArn": f"{function}PRE-{kind}",
            "AnnotationConsolidationConfig": {"AnnotationConsolidationLambdaArn": f"{function}ACS-{kind}"},
            **_task(request),
        },
    }


def _task(request: JobRequest) -> dict[str, Any]:
    """Return what people are told, and how long they have."""
    return {
        "TaskTitle": " ".join(request.name.split())[:128],
        "TaskDescription": " ".join(request.task.question.split())[:255],
        "NumberOfHumanWorkersPerDataObject": request.votes,
        "TaskTimeLimitInSeconds": SECONDS_FOR_A_TASK,
        "TaskAvailabilityLifetimeInSeconds": max(60, min(request.deadline_seconds, MAX_AVAILABLE_SECONDS)),
    }


def _document(item: Item) -> dict[str, str]:
    known = {"document_id": item.document_id, "source_version": item.source_version}
    return known if item.document_id else {}


def read_output(files: Files, job_id: str, task: Task) -> Iterator[tuple[int, Decision]]:
    """Yield item number and decision of each line of the output manifest; an item that failed has no label."""
    key = f"{folder(job_id)}ground-truth/{job_id}/manifests/output/output.manifest"
    for line in files.read(key).splitlines():
        found = msgspec.json.decode(line)
        about = found.get(f"{ATTRIBUTE}-metadata", {})
        if ATTRIBUTE not in found or "failure-reason" in about:
            yield found["item"], Decision()
        elif task.type == "single_choice":
            yield found["item"], Decision(label=about["class-name"], share=float(about.get("confidence", 0)))
        else:
            names, confidence = about.get("class-map", {}), about.get("confidence-map", {}).values()
            chosen = [choice for choice in task.choices if choice in names.values()]
            yield found["item"], Decision(label=chosen, share=float(min(confidence, default=0)))


def _page(task: Task) -> str:
    element = ELEMENTS[task.type]
    question, instructions = html.escape(task.question), html.escape(task.instructions)
    return (
        '<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>\n<crowd-form>\n'
        f'<{element} name="crowd-classifier" header="{{% raw %}}{question}{{% endraw %}}" '
        'categories="{{ task.input.labels | to_json | escape }}">\n'
        "<classification-target>{{ task.input.taskObject | escape }}</classification-target>\n"
        f'<full-instructions header="Instructions">{{% raw %}}{instructions}{{% endraw %}}</full-instructions>\n'
        f"<short-instructions>{{% raw %}}{question}{{% endraw %}}</short-instructions>\n"
        f"</{element}>\n</crowd-form>\n"
    )
