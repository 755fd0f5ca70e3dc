"""Builders of real documents, and the local services over HTTP."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from slipway_local.serving import serve
from support.office import bomb_pdf, docx, encrypted_pdf, paragraph, pdf
from support.served import ServedDataApi, client, serve_data_api


@pytest.fixture
def make_pdf() -> Callable[..., bytes]:
    return pdf


@pytest.fixture
def make_docx() -> Callable[..., bytes]:
    return docx


@pytest.fixture
def word_paragraph() -> Callable[..., str]:
    return paragraph


@pytest.fixture
def make_encrypted_pdf() -> Callable[..., bytes]:
    return encrypted_pdf


@pytest.fixture
def make_bomb_pdf() -> Callable[[int], bytes]:
    return bomb_pdf


class ScriptedBedrock:
    """A Bedrock that gives the scripted answers, in order, over HTTP; the last one stays.

    An answer is (status, error type or "", body). What was asked is kept in `requests` as (path, body).
    """

    def __init__(self) -> None:
        self.script: list[tuple[int, str, dict[str, Any]]] = []
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        body = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        with self._lock:
            self.requests.append((environ["PATH_INFO"], body))
            status, error, answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        headers = [("content-type", "application/json")] + ([("x-amzn-errortype", error)] if error else [])
        data = json.dumps(answer).encode()
        start_response(f"{status} scripted", [*headers, ("content-length", str(len(data)))])
        return [data]


@dataclass(frozen=True, kw_only=True)
class ServedBedrock:
    app: ScriptedBedrock
    client: Any


@pytest.fixture
def scripted_bedrock() -> Iterator[ServedBedrock]:
    app = ScriptedBedrock()
    with serve(app) as url:
        yield ServedBedrock(app=app, client=client("bedrock-runtime", url))


@pytest.fixture(scope="session")
def served_data_api() -> Iterator[ServedDataApi]:
    with serve_data_api() as served:
        yield served
