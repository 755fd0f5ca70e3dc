"""GET and DELETE /v1/conversations, …/{id}: what the gateway remembers of a user.

Who signs in as a user sees that one's conversations alone; a tenant's key says by `user` whose it asks for.
"""

from typing import Any
from urllib.parse import unquote

from slipway_runtime import parts_of_memory, parts_of_meters
from slipway_runtime.generate.errors import ApiError, invalid
from slipway_runtime.generate.memory.conversations import Conversations, checked_id
from slipway_runtime.generate.memory.turns import Head, Turn
from slipway_runtime.handlers.events import ApiRequest
from slipway_runtime.handlers.http import respond
from slipway_runtime.handlers.prompt_requests import page
from slipway_runtime.operate.observability import count, observed


@observed
def handler(event: dict[str, Any], _context: Any) -> Any:
    """Answer one request."""
    return respond(event, _route)


def _route(request: ApiRequest) -> Any:
    path = [unquote(part) for part in request.path.strip("/").split("/")[2:]]
    conversations = parts_of_memory.conversations(request.request_context.authorizer.tenant, _user(request))
    match request.http_method, path:
        case "GET", []:
            return page(request, lambda after, limit: conversations.heads(after=after, limit=limit), _shown, _id)
        case "GET", [identifier]:
            return _whole(conversations, checked_id(identifier, "id"))
        case "DELETE", []:
            return _delete_all(request, conversations)
        case "DELETE", [identifier]:
            deleted = conversations.delete(checked_id(identifier, "id"))
            count("ConversationsDeleted", int(deleted))
            told = {"id": identifier, "object": "conversation.deleted", "deleted": deleted}
            return told | _erased(conversations, identifier)
    if request.http_method not in ("GET", "DELETE"):
        raise ApiError(405, f"{request.http_method} is not served here.", code="method_not_allowed")
    raise ApiError(404, "This is no path of the conversations' API.", code="not_found")


def _user(request: ApiRequest) -> str:
    """Return whose conversations these are. Raises: ApiError 403 for another user's."""
    return request.request_context.authorizer.acting_for((request.query_string_parameters or {}).get("user"))


def _delete_all(request: ApiRequest, conversations: Conversations) -> dict[str, Any]:
    if not conversations.user and "user" not in (request.query_string_parameters or {}):
        message = "'user' says whose conversations are to be deleted; empty, those that were told no user."
        raise invalid(message, "user", "missing_required_parameter")
    deleted = conversations.delete_all()
    count("ConversationsDeleted", deleted)
    told = {"object": "conversation.deleted", "user": conversations.user, "deleted": deleted}
    return told | _erased(conversations)


def _erased(conversations: Conversations, identifier: str = "") -> dict[str, int]:
    """Delete what cache and meters keep of a conversation or of the whole user, and return how much that was."""
    tenant, user = conversations.tenant, conversations.user
    told = {}
    if (answers := parts_of_memory.forget_cached(tenant, user, identifier or None)) is not None:
        count("CachedAnswersErased", answers)
        told["cached_answers_deleted"] = answers
    feedbacks = parts_of_meters.feedbacks(tenant)
    if feedbacks is None:
        return told
    erased = feedbacks.erase_conversation(user, identifier) if identifier else feedbacks.erase_user(user)
    count("ExchangesErased", erased.exchanges)
    count("FeedbackErased", erased.feedback)
    return told | {"exchanges_deleted": erased.exchanges, "feedback_deleted": erased.feedback}


def _whole(conversations: Conversations, identifier: str) -> dict[str, Any]:
    head = conversations.head(identifier)
    if head is None:
        raise ApiError(404, "There is no such conversation.", code="not_found", param="id")
    return _shown(head) | {"summary": head.summary, "turns": [_turn(each) for each in conversations.turns(head)]}


def _id(head: Head) -> str:
    return head.id


def _shown(head: Head) -> dict[str, Any]:
    times = {"created_at": head.created_at, "updated_at": head.updated_at}
    return {"id": head.id, "object": "conversation", "last_turn": head.turns, **times}


def _turn(turn: Turn) -> dict[str, Any]:
    said = [{"role": each.role, "content": each.text} for each in turn.messages if each.text]
    return {"turn": turn.number, "created_at": turn.at, "finish_reason": turn.finish_reason, "messages": said}
