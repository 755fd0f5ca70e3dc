"""Which of the services that sign as `bedrock` a request is for: they are told apart by their paths."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from . import knowledge_bases, prompt_management
from .control import PATHS

_Application = Callable[[Any, Any], Iterable[bytes]]


class Bedrock:
    """The runtime, the part of the control plane that is ours, knowledge bases, prompts, and moto for the rest."""

    def __init__(
        self,
        runtime: _Application,
        control: _Application,
        knowledge_bases: _Application,
        prompts: _Application,
        rest: _Application,
    ) -> None:
        self._runtime, self._control, self._knowledge_bases = runtime, control, knowledge_bases
        self._prompts, self._rest = prompts, rest

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Serve one request."""
        path = environ.get("PATH_INFO", "")
        if path.startswith(("/model/", "/guardrail/")) or path == "/rerank":
            return self._runtime(environ, start_response)
        if knowledge_bases.PATHS.fullmatch(path):
            return self._knowledge_bases(environ, start_response)
        if prompt_management.PATHS.fullmatch(path):
            return self._prompts(environ, start_response)
        return (self._control if PATHS.fullmatch(path) else self._rest)(environ, start_response)
