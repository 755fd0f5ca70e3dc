"""An environment in the local cloud whose settings name a next embedding model, and what its users do meanwhile."""

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
from typer.testing import CliRunner

from slipway_cli import reindex
from slipway_cli.errors import CommandError
from slipway_cli.gateway import Gateway
from slipway_cli.target import Target
from slipway_local import cloud, remote
from slipway_runtime.prepare.keys import document_id
from support.trial import up
from support.waiting import wait_for

SETTINGS = """
removal: destroy
termination_protection: false
retrieval:
  store: STORE
  embedding:
    model_id: amazon.titan-embed-text-v2:0
    dimensions: 256
    next: {model_id: cohere.embed-english-v3, dimensions: 1024}
reindex: {enabled: true, usd_per_million_tokens: 0.1}
"""


@dataclass
class Trial:
    """A running environment; `slipway` is the command `slipway reindex`, without its own process."""

    target: Target
    state: Path
    runner: CliRunner = field(default_factory=CliRunner)

    @property
    def gateway(self) -> Gateway:
        return Gateway(self.target.gateway_url, self.target.api_key)

    def slipway(self, *arguments: str) -> Any:
        done = self.runner.invoke(reindex.app, [*arguments, "--json"])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def put(self, *names: str) -> None:
        s3, bucket = self.target.client("s3"), self.target.parameter("foundation/raw-bucket-name")
        for name in names:
            s3.put_object(Bucket=bucket, Key=f"default/{name}.md", Body=text(name).encode())

    def ingest(self, *names: str) -> None:
        self.put(*names)
        wanted = {f"{name}.md" for name in names}
        assert wait_for(lambda: wanted <= self.indexed(), seconds=180)

    def indexed(self) -> set[str]:
        return {each["path"] for each in self.gateway.documents(status="indexed")}

    def remove(self, name: str) -> None:
        """Delete a document, and again while the store says that it is not ready for it."""
        assert wait_for(lambda: self._removed(name), seconds=180)

    def _removed(self, name: str) -> bool:
        try:
            self.gateway.delete_document(document_id(f"default/{name}.md"))
        except CommandError as error:
            # 404: the events of the objects' removal were quicker than the second attempt.
            if "answered 503" not in str(error) and "answered 404" not in str(error):
                raise
            return "answered 404" in str(error)
        return True

    def found(self, name: str, mode: str = "hybrid") -> list[str]:
        body = {"query": f"Where is the {name} kept?", "max_num_results": 5, "mode": mode}
        return [each["filename"] for each in self.gateway.call("POST", "/search", body)["data"]]

    def fault(self, **given: Any) -> None:
        defaults = {"error": None, "rate": 1.0, "latency_seconds": 0, "times": None, "after": False, "seed": None}
        remote.ask(self.state, "POST", "faults", defaults | given)

    def calm(self) -> None:
        remote.ask(self.state, "DELETE", "faults/")

    def rebuilding(self) -> list[psutil.Process]:
        """Return the processes that rebuild documents."""
        return [
            process
            for process in psutil.process_iter(["cmdline", "environ"])
            if "slipway_runtime.handlers.rebuild_documents.handler" in (process.info["cmdline"] or [])
            and (process.info["environ"] or {}).get("AWS_ENDPOINT_URL") == self.target.endpoint_url
        ]


def text(name: str) -> str:
    return f"# The {name}\n\nThe {name} is kept in cabinet {sum(map(ord, name))}, and the {name} is oiled on Mondays.\n"


@contextlib.contextmanager
def trial(folder: Path, store: str) -> Iterator[Trial]:
    """Bring up an environment with policies enforced; in the end no role may have been denied anything."""
    target = up(folder, SETTINGS.replace("STORE", store))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reindex, "find_target", lambda *_, **__: target)
        try:
            yield Trial(target, folder / "state")
            denied = {each["role"]: each["denied"] for each in cloud.permissions(folder / "state")["roles"]}
            assert {role: calls for role, calls in denied.items() if calls} == {}
        finally:
            cloud.down(folder / "state")


class Users:
    """A thread that asks for documents that are there all the time, and one that puts and deletes others."""

    def __init__(self, trial: Trial, known: list[str]) -> None:
        self.trial, self.known = trial, known
        self.asked, self.wrong = 0, list[str]()
        self.put, self.deleted = list[str](), list[str]()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=each) for each in (self._ask, self._write)]

    def __enter__(self) -> "Users":
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for each in self._threads:
            each.join()

    def _ask(self) -> None:
        while not self._stop.is_set():
            name = self.known[self.asked % len(self.known)]
            try:
                if f"{name}.md" not in self.trial.found(name):
                    self.wrong.append(f"{name} was not found")
            except Exception as error:
                self.wrong.append(f"{type(error).__name__}: {error}")
            self.asked += 1

    def _write(self) -> None:
        number = 0
        try:
            while not self._stop.is_set():
                name = f"late{number}"
                self.trial.ingest(name)
                self.put.append(name)
                if number % 2:
                    self.trial.remove(name)
                    self.deleted.append(name)
                number += 1
        except Exception as error:
            self.wrong.append(f"{type(error).__name__}: {error}")
