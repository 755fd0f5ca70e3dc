"""Whether the account may call the models of Bedrock that the settings name."""

from collections.abc import Iterator

from botocore.exceptions import ClientError

from slipway_cli.preflights.finding import Finding
from slipway_cli.preflights.online.client import Clients
from slipway_cli.preflights.subject import Subject
from stacks.regions import profile_prefix

ACCESS = "https://docs.aws.amazon.com/bedrock/latest/userguide/model-access.html"
PROFILES = "https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html"
UNKNOWN = ("ResourceNotFoundException", "ValidationException")


def access(subject: Subject, client: Clients) -> Iterator[Finding]:
    """Yield an error for each model that the account has not been given."""
    asked: set[str] = set()
    for setting, model_id in _models(subject):
        prefix = profile_prefix(model_id)
        plain = model_id.removeprefix(f"{prefix}.") if prefix else model_id
        if plain in asked:
            continue
        asked.add(plain)
        try:
            answer = client("bedrock").get_foundation_model_availability(modelId=plain)
        except ClientError as error:
            if error.response["Error"]["Code"] not in UNKNOWN:
                raise
            yield _finding(subject, setting, f"Bedrock knows no model {plain} in {subject.region}")
            continue
        states = {
            "agreement": answer["agreementAvailability"]["status"],
            "authorization": answer["authorizationStatus"],
            "entitlement": answer["entitlementAvailability"],
            "region": "AVAILABLE" if prefix else answer["regionAvailability"],
        }
        if bad := [f"{name} {state}" for name, state in states.items() if state not in ("AVAILABLE", "AUTHORIZED")]:
            yield _finding(subject, setting, f"the account cannot call {plain}: {', '.join(bad)}")


def profiles(subject: Subject, client: Clients) -> Iterator[Finding]:
    """Yield an error for each inference profile that the region does not have."""
    for setting, model_id in _models(subject):
        if not profile_prefix(model_id):
            continue
        try:
            status = client("bedrock").get_inference_profile(inferenceProfileIdentifier=model_id)["status"]
        except ClientError as error:
            if error.response["Error"]["Code"] not in UNKNOWN:
                raise
            status = "not there"
        if status != "ACTIVE":
            what = f"the inference profile {model_id} is {status} in {subject.region}"
            yield _finding(subject, setting, what, PROFILES)


def _models(subject: Subject) -> Iterator[tuple[str, str]]:
    for alias, model in subject.settings.models.items():
        for route in model.all_routes:
            if route.bedrock:
                yield f"models.{alias}", route.bedrock
    embedding = subject.settings.retrieval.embedding
    if embedding.bedrock_model:
        yield "retrieval.embedding.model_id", embedding.model_id


def _finding(subject: Subject, setting: str, what: str, documentation: str = ACCESS) -> Finding:
    return Finding(
        check="model-access", what=what, where=subject.environment, setting=setting, documentation=documentation,
        remedy="Ask for access in the Bedrock console, or name another model.",
    )  # fmt: skip
