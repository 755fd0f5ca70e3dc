"""A small client of the gateway's HTTP API, for the commands; applications use any OpenAI client."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import urllib3

from slipway_cli.errors import CommandError
from slipway_cli.project import project
from slipway_cli.target import find_target

PAGE = 100


class Patience(urllib3.Retry):
    """Tries again what was only read, and anything that API Gateway turned away before it reached a function.

    Its 429 has no Retry-After. The gateway's own has one: a quota or a budget is used up, and waiting is for people.
    """

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        """Whether to send the request again."""
        if status_code == 429:
            return not has_retry_after
        return super().is_retry(method, status_code, has_retry_after)


PATIENCE = Patience(4, backoff_factor=0.5, status_forcelist=[503, 504], allowed_methods=["GET"], raise_on_status=False)


@dataclass(frozen=True)
class Gateway:
    """The gateway at `url` (ends in /v1), spoken to with `key`."""

    url: str
    key: str

    def call(self, method: str, path: str, body: Any = None, *, timeout_seconds: float = 60) -> dict[str, Any]:
        """The decoded JSON answer of one request.

        Raises: CommandError with the gateway's own message if it answers an error or cannot be reached.
        """
        try:
            response = urllib3.request(
                method,
                f"{self.url}{path}",
                headers={"authorization": f"Bearer {self.key}"},
                json=body,
                timeout=timeout_seconds,
                retries=PATIENCE,
            )
        except urllib3.exceptions.HTTPError as error:
            raise CommandError(f"the gateway at {self.url} cannot be reached: {error}") from error
        try:
            answer = json.loads(response.data)
        except ValueError:
            answer = {"message": response.data[:200].decode("utf-8", "replace")}
        if response.status >= 400:
            error_body = answer.get("error") or answer
            message = error_body.get("message") if isinstance(error_body, dict) else error_body
            raise CommandError(f"{method} {path} answered {response.status}: {message}")
        result: dict[str, Any] = answer
        return result

    def pages(self, path: str, **filters: str) -> Iterator[dict[str, Any]]:
        """Everything that a list holds, page by page; `filters` are its query."""
        query = {"limit": str(PAGE), **filters}
        while True:
            page = self.call("GET", f"{path}?{urlencode(query)}")
            yield from page["data"]
            if not page["has_more"]:
                return
            query["after"] = page["last_id"]

    def documents(self, **filters: str) -> Iterator[dict[str, Any]]:
        """Every document that matches `filters` (status, prefix)."""
        return self.pages("/documents", **filters)

    def delete_document(self, document_id: str) -> dict[str, Any]:
        """Remove one document everywhere; what was removed."""
        return self.call("DELETE", f"/documents/{quote(document_id, safe='')}")

    def ask(self, question: str, *, model: str) -> dict[str, Any]:
        """One question, one chat.completion."""
        body = {"model": model, "messages": [{"role": "user", "content": question}]}
        return self.call("POST", "/chat/completions", body)


def gateway_of(environment: str, *, aws: bool, key: str = "") -> Gateway:
    """The gateway of an environment, spoken to with the environment's own key, or with that of another tenant."""
    target = find_target(project(), environment, aws=aws)
    return Gateway(target.gateway_url, key or target.api_key)


def path_of(*parts: str) -> str:
    """A path of parts that may hold anything."""
    return "".join(f"/{quote(part, safe='')}" for part in parts)
