"""The operations of the gateway for its description: each path and method, with what it takes and what it answers."""

from typing import Any

import msgspec

from slipway_runtime.generate.prompts.experiment import Plan
from slipway_runtime.handlers.answer_types import (
    ChatCompletion,
    EmbeddingList,
    ErrorAnswer,
    ModelDescription,
    ModelList,
    Page,
)
from slipway_runtime.handlers.chat_types import ChatRequest
from slipway_runtime.handlers.documents import MAX_LIMIT, STATUSES
from slipway_runtime.handlers.embeddings import EmbeddingRequest
from slipway_runtime.handlers.labelling import LabelBody as ItemLabelBody
from slipway_runtime.handlers.labelling import NextBody, PassBody
from slipway_runtime.handlers.prompt_example_routes import SetBody
from slipway_runtime.handlers.prompt_experiment_routes import EndBody, EventBody, WeightsBody
from slipway_runtime.handlers.prompt_routes import LabelBody, RenderBody, RollbackBody, VersionBody
from slipway_runtime.handlers.search import SearchRequest
from slipway_runtime.operate.feedback.given import Given

TEXT = {"type": "string"}
DAY = {"type": "string", "format": "date"}
QUERIES: dict[str, dict[str, Any]] = {
    "limit": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT},
    "status": {"type": "string", "enum": list(STATUSES)},
}


class Operation(msgspec.Struct, frozen=True):
    """A method of a path. `query`: its parameters with their schemas; `body`, `answer`: types, None for any object."""

    verb: str
    path: str
    name: str
    summary: str
    answer: type | None = None
    body: type | None = None
    query: dict[str, dict[str, Any]] = {}


def _of(*names: str, **others: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: QUERIES.get(name, TEXT) for name in names} | others


CHAT = (
    Operation(
        "post",
        "chat/completions",
        "createChatCompletion",
        "Answer a conversation, whole or streamed.",
        ChatCompletion,
        ChatRequest,
    ),
    Operation("post", "embeddings", "createEmbeddings", "Embed texts.", EmbeddingList, EmbeddingRequest),
    Operation("get", "models", "listModels", "List the aliases.", ModelList),
    Operation("get", "models/{id}", "retrieveModel", "Describe one alias.", ModelDescription),
    Operation("get", "openapi.json", "describe", "This document."),
)
DOCUMENTS = (
    Operation("post", "search", "search", "Find the chunks for a text, without an answer.", body=SearchRequest),
    Operation(
        "get",
        "documents",
        "listDocuments",
        "List documents in the order of their paths.",
        Page,
        query=_of("limit", "after", "status", "prefix"),
    ),
    Operation("get", "documents/{id}", "retrieveDocument", "Show a document and what became of it."),
    Operation("delete", "documents/{id}", "deleteDocument", "Delete a document and all that was made of it."),
)
CONVERSATIONS = (
    Operation(
        "get",
        "conversations",
        "listConversations",
        "List a user's conversations.",
        Page,
        query=_of("user", "limit", "after"),
    ),
    Operation("delete", "conversations", "deleteConversations", "Delete all of a user's.", query=_of("user")),
    Operation(
        "get",
        "conversations/{id}",
        "retrieveConversation",
        "Show a conversation with its turns.",
        query=_of("user", "limit", "after"),
    ),
    Operation("delete", "conversations/{id}", "deleteConversation", "Delete one.", query=_of("user")),
)
USAGE = (
    Operation(
        "get",
        "usage",
        "readUsage",
        "Tell requests, tokens and cost, in total and by what is named.",
        query=_of("by", **{"from": DAY, "to": DAY}),
    ),
    Operation("get", "feedback", "listFeedback", "List what users said.", Page, query=_of("limit", "after")),
    Operation("post", "feedback", "giveFeedback", "Say what a user thinks of an answer.", body=Given),
)
LABELLING = (
    Operation("get", "labelling/jobs", "listLabellingJobs", "List jobs.", Page, query=_of("limit", "after")),
    Operation("get", "labelling/jobs/{id}", "retrieveLabellingJob", "Show a job."),
    Operation("post", "labelling/jobs/{id}/next", "takeItem", "Take the next item to label.", body=NextBody),
    Operation(
        "post",
        "labelling/jobs/{id}/items/{item}/labels",
        "labelItem",
        "Label an item that you hold.",
        body=ItemLabelBody,
    ),
    Operation("post", "labelling/jobs/{id}/items/{item}/skip", "skipItem", "Give an item back.", body=PassBody),
    Operation("post", "labelling/jobs/{id}/items/{item}/flag", "flagItem", "Give an item back as bad.", body=PassBody),
)
PROMPT = "prompts/{name}"
PROMPTS = (
    Operation("get", "prompts", "listPrompts", "List prompts.", Page, query=_of("limit", "after")),
    Operation("get", PROMPT, "retrievePrompt", "Show a prompt and its labels."),
    Operation(
        "get",
        f"{PROMPT}/versions",
        "listPromptVersions",
        "List versions, newest first.",
        Page,
        query=_of("limit", "after"),
    ),
    Operation("get", f"{PROMPT}/versions/{{at}}", "retrievePromptVersion", "Show a version, by number or label."),
    Operation("get", f"{PROMPT}/diff", "diffPrompt", "Compare two versions.", query=_of(**{"from": TEXT, "to": TEXT})),
    Operation("get", f"{PROMPT}/audit", "auditPrompt", "List who changed what.", Page, query=_of("limit", "after")),
    Operation("post", f"{PROMPT}/versions", "createPromptVersion", "Add a version.", body=VersionBody),
    Operation(
        "post", f"{PROMPT}/render", "renderPrompt", "Fill a version in, without asking a model.", body=RenderBody
    ),
    Operation("put", f"{PROMPT}/labels/{{label}}", "labelPrompt", "Point a label at a version.", body=LabelBody),
    Operation(
        "post",
        f"{PROMPT}/labels/{{label}}/rollback",
        "rollBackPrompt",
        "Point a label at where it was before.",
        body=RollbackBody,
    ),
)
SETS = "prompt-examples/{name}/versions"
EXAMPLES = (
    Operation("get", "prompt-examples", "listExampleSets", "List example sets.", Page, query=_of("limit", "after")),
    Operation("get", SETS, "listExampleSetVersions", "List versions.", Page, query=_of("limit", "after")),
    Operation("get", f"{SETS}/{{at}}", "retrieveExampleSetVersion", "Show a version."),
    Operation("post", SETS, "createExampleSetVersion", "Add a version.", body=SetBody),
)
EXPERIMENT = "prompt-experiments/{id}"
EXPERIMENTS = (
    Operation("get", "prompt-experiments", "listExperiments", "List experiments.", Page, query=_of("limit", "after")),
    Operation("post", "prompt-experiments", "startExperiment", "Start an experiment.", body=Plan),
    Operation("get", EXPERIMENT, "judgeExperiment", "Show an experiment and what its numbers say."),
    Operation("put", f"{EXPERIMENT}/weights", "weighArms", "Change the arms' shares.", body=WeightsBody),
    Operation("post", f"{EXPERIMENT}/events", "countEvent", "Count what was seen of an arm.", body=EventBody),
    Operation("post", f"{EXPERIMENT}/end", "endExperiment", "End it, and promote an arm or none.", body=EndBody),
)
OPERATIONS = (*CHAT, *DOCUMENTS, *CONVERSATIONS, *USAGE, *LABELLING, *PROMPTS, *EXAMPLES, *EXPERIMENTS)
TYPES = (*{each for operation in OPERATIONS for each in (operation.body, operation.answer) if each}, ErrorAnswer)
