"""An AWS account that answers as it is told: requests and answers are held to botocore's models, nothing travels."""

import functools
from collections.abc import Callable
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.model import OperationModel
from botocore.validate import validate_parameters

Answer = dict[str, Any] | str | Callable[[dict[str, Any]], Any]


@functools.cache
def _session(region: str) -> boto3.Session:
    """One for all: it keeps the models of the services, which take long to read."""
    return boto3.Session(aws_access_key_id="none", aws_secret_access_key="none", region_name=region)


class Account:
    """`answers`: by `service.Operation`, an answer, the code of an error, or what makes either from the request."""

    def __init__(self, answers: dict[str, Answer], region: str = "us-east-1") -> None:
        self.answers = answers
        self.region = region
        self.asked: list[str] = []

    def client(self, service: str) -> Any:
        """Return a boto3 client whose requests are answered here."""
        client = _session(self.region).client(service)  # type: ignore[call-overload] # the overloads want a literal
        client.meta.events.register("before-parameter-build", self._remember)
        client.meta.events.register("before-call", self._answer)
        return client

    def _remember(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["asked"] = dict(params)

    def _answer(self, model: OperationModel, context: dict[str, Any], **_: Any) -> Any:
        name = f"{model.service_model.service_name}.{model.name}"
        self.asked.append(name)
        answer = self.answers[name]
        if callable(answer):
            answer = answer(context["asked"])
        if isinstance(answer, str):
            return AWSResponse("", 400, {}, None), {"Error": {"Code": answer, "Message": f"{answer} of {name}"}}
        validate_parameters(answer, model.output_shape)
        return AWSResponse("", 200, {}, None), answer
