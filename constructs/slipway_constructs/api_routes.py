"""The routes of the OpenAI-compatible API, by the function that answers them."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Route:
    """A method of a path below /v1. `query`: the parameters it takes; `body`: it needs a JSON object."""

    verb: str
    path: str
    query: tuple[str, ...] = ()
    body: bool = False


def post(path: str) -> Route:
    """Return a route that takes a JSON object."""
    return Route("POST", path, body=True)


PAGES = ("limit", "after")
PROMPT_PAGES = (*PAGES, "from", "to")
JOB = "labelling/jobs/{id}"
CHAT = (
    post("chat/completions"),
    post("embeddings"),
    Route("GET", "models"),
    Route("GET", "models/{id}"),
    Route("GET", "openapi.json"),
)
# What lies below a collection of prompts is the function's own, which answers 404 and 405 in our words.
PROMPTS = tuple(
    route
    for collection in ("prompts", "prompt-examples", "prompt-experiments")
    for route in (
        Route("GET", collection, PROMPT_PAGES),
        Route("GET", f"{collection}/{{proxy+}}", PROMPT_PAGES),
        post(f"{collection}/{{proxy+}}"),
        Route("PUT", f"{collection}/{{proxy+}}", body=True),
    )
)
ROUTES: dict[str, tuple[Route, ...]] = {
    "search": (post("search"),),
    "documents": (
        Route("GET", "documents", (*PAGES, "status", "prefix")),
        Route("GET", "documents/{id}"),
        Route("DELETE", "documents/{id}"),
    ),
    "labelling": (
        Route("GET", "labelling/jobs", PAGES),
        Route("GET", JOB),
        post(f"{JOB}/next"),
        *(post(f"{JOB}/items/{{item}}/{verb}") for verb in ("labels", "skip", "flag")),
    ),
    "prompts": (*PROMPTS, post("prompt-experiments")),
    "usage": (Route("GET", "usage", ("from", "to", "by")), Route("GET", "feedback", PAGES), post("feedback")),
    "conversations": tuple(
        Route(verb, path, query)
        for path in ("conversations", "conversations/{id}")
        for verb, query in (("GET", ("user", *PAGES)), ("DELETE", ("user",)))
    ),
}
