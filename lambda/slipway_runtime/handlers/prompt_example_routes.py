"""GET /v1/prompt-examples, GET …/{name}/versions, …/{name}/versions/{number}; POST …/{name}/versions."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from slipway_runtime.generate.prompts import example_sets
from slipway_runtime.generate.prompts.example_sets import ExampleSet
from slipway_runtime.generate.prompts.names import checked_name
from slipway_runtime.generate.prompts.versions import Version, Versions
from slipway_runtime.handlers import prompt_requests as requests
from slipway_runtime.handlers.events import ApiRequest
from slipway_runtime.handlers.http import decode_body


class SetBody(ExampleSet, frozen=True, forbid_unknown_fields=True):
    """A new version of a set."""

    why: Annotated[str, Meta(max_length=1000)] = ""


def route(request: ApiRequest, path: list[str], versions: Versions) -> Any:
    """Answer a request below /v1/prompt-examples."""
    if path:
        checked_name(path[0])
    match request.http_method, path:
        case "GET", []:
            return requests.page(
                request,
                lambda after, limit: versions.heads(after=after, limit=limit),
                lambda head: {"object": "prompt.examples", "name": head.name, "latest": head.latest},
                lambda head: head.name,
            )
        case "POST", [name, "versions"]:
            body = decode_body(request, SetBody)
            text = example_sets.encoded(ExampleSet(body.examples))
            return _shown(versions.create(name, text, requests.author(request, body.why)), whole=True)
        case "GET", [name, "versions"]:
            versions.require(name)
            return requests.page(
                request,
                lambda after, limit: versions.newest(name, after=requests.number(after), limit=limit),
                lambda version: _shown(version, whole=False),
                lambda version: version.number,
            )
        case "GET", [name, "versions", number]:
            return _shown(versions.get(name, requests.number(number, "version")), whole=True)
    raise requests.not_served(request, ["prompt-examples", *path])


def _shown(version: Version, *, whole: bool) -> dict[str, Any]:
    found = {"object": "prompt.examples.version", "name": version.name, "version": version.number}
    found |= {"by": version.by, "at": version.at, "why": version.why}
    return found | ({"created": version.created, **msgspec.json.decode(version.body)} if whole else {})
