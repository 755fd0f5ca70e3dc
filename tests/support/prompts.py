"""An environment with prompts in the local cloud, policies enforced, and its API over HTTP."""

import json
from pathlib import Path
from typing import Any

import urllib3

from slipway_cli.target import Target
from support import trial

SETTINGS = """
removal: destroy
termination_protection: false
prompts: {enabled: true}
gateway: {throttle: {rate_per_second: 1000, burst: 1000}}
"""


def up(state: Path, settings: str = SETTINGS) -> Target:
    """Bring up an environment; beside `state` lies what it is made of."""
    return trial.up(state.parent, settings)


class Api:
    """The gateway over HTTP, status and body as they come."""

    def __init__(self, target: Target) -> None:
        self.target = target

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Return status and body of a request."""
        headers = {"authorization": f"Bearer {self.target.api_key}"}
        url = f"{self.target.gateway_url}{path}"
        answer = urllib3.request(method, url, json=body, headers=headers, retries=False, timeout=60)
        return answer.status, json.loads(answer.data)

    def ok(self, method: str, path: str, body: Any = None) -> Any:
        """Return the body of a request that must succeed."""
        status, answer = self.call(method, path, body)
        assert status == 200, answer
        return answer
