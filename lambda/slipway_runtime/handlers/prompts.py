"""/v1/prompts, /v1/prompt-examples and /v1/prompt-experiments: the catalogue of a tenant's prompts.

What a route needs is imported when it is asked for: the function starts quickly, and reads more than it renders.
"""

from typing import Any
from urllib.parse import unquote

from slipway_runtime import settings
from slipway_runtime.generate.errors import ApiError
from slipway_runtime.generate.prompts.labels import Labels
from slipway_runtime.generate.prompts.versions import Kind, Versions
from slipway_runtime.handlers.events import ApiRequest
from slipway_runtime.handlers.http import respond
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.observability import observed
from slipway_runtime.operate.rows import Table


@observed
def handler(event: dict[str, Any], _context: Any) -> Any:
    """Answer one request."""
    return respond(event, _route)


def _route(request: ApiRequest) -> Any:
    collection, *path = [unquote(part) for part in request.path.strip("/").split("/")[1:]]
    match collection:
        case "prompts":
            from slipway_runtime.handlers.prompt_routes import route  # noqa: PLC0415

            return route(request, path, _labels(request))
        case "prompt-examples":
            from slipway_runtime.handlers.prompt_example_routes import route as examples  # noqa: PLC0415

            return examples(request, path, _labels(request, "example").versions)
        case "prompt-experiments":
            from slipway_runtime.generate.prompts.experiments import Experiments  # noqa: PLC0415
            from slipway_runtime.handlers.prompt_experiment_routes import route as experiments  # noqa: PLC0415

            return experiments(request, path, Experiments(labels=_labels(request)))
    raise ApiError(404, "This is no path of the prompts' API.", code="not_found")


def _labels(request: ApiRequest, kind: Kind = "prompt") -> Labels:
    table = Table(client=client("dynamodb"), name=settings.required("PROMPTS_TABLE"))
    return Labels(versions=Versions(table=table, tenant=request.request_context.authorizer.tenant, kind=kind))
