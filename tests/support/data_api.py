"""Parameters and results of the RDS Data API, in the form that boto3 gives them."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

UUID = "6f2c1c1e-0f55-4a8e-9d8e-3f0f3c6a2b10"


def text(name: str, value: str, hint: str | None = None) -> dict:
    return {"name": name, "value": {"stringValue": value}} | ({"typeHint": hint} if hint else {})


def number(name: str, value: int) -> dict:
    return {"name": name, "value": {"longValue": value}}


def one(response: dict) -> dict:
    return response["records"][0][0]


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return error.value.response["Error"]["Code"]
