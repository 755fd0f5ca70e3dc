"""What the types of a chat request do not say."""

from typing import Any

from slipway_runtime.generate.errors import invalid
from slipway_runtime.handlers.chat_types import ChatMessage, ChatRequest, NamedTool

MAX_MESSAGES = 200
MAX_TOOLS = 128
SPEAKERS = ("user", "assistant", "tool")
# What is not supported, with the values that ask for nothing.
NEUTRAL: dict[str, tuple[Any, ...]] = {
    "functions": ([],),
    "function_call": ("none", "auto"),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "logit_bias": ({},),
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
    "modalities": (["text"],),
    "verbosity": ("medium",),
    "web_search_options": (),
}


def check(chat: ChatRequest, *, grounded: bool) -> None:
    """Check a request; `grounded`: it is answered from documents. Raises: ApiError 400 naming the parameter."""
    for param, neutral in NEUTRAL.items():
        value = getattr(chat, param)
        # 1 equals True for Python, and asks for something else.
        if value is not None and not any(value == each and isinstance(value, bool) == isinstance(each, bool)
                                         for each in neutral):  # fmt: skip
            raise invalid(f"'{param}' is not supported; leave it out.", param, "unsupported_parameter")
    if chat.n not in (None, 1):
        raise invalid("Only n = 1 is supported.", "n", "unsupported_value")
    if chat.stream_options is not None and not chat.stream:
        raise invalid("'stream_options' is for requests with stream: true.", "stream_options")
    _check_tools(chat)
    if grounded:
        _check_grounded(chat)
    if chat.messages or not (chat.slipway and chat.slipway.prompt):
        _check_messages(chat.messages)


def _check_tools(chat: ChatRequest) -> None:
    tools, choice = chat.tools or [], chat.tool_choice
    names = [tool.function.name for tool in tools]
    if len(tools) > MAX_TOOLS:
        raise invalid(f"At most {MAX_TOOLS} tools are accepted.", "tools")
    if len(set(names)) < len(names):
        raise invalid("Two tools have the same name.", "tools")
    if not tools and choice not in (None, "none", "auto"):
        raise invalid("'tool_choice' needs 'tools'.", "tool_choice")
    if isinstance(choice, NamedTool) and choice.function.name not in names:
        raise invalid("'tool_choice' names none of the tools.", "tool_choice")
    wanted = chat.response_format
    if wanted and wanted.type == "json_schema" and (wanted.json_schema is None or wanted.json_schema.schema is None):
        raise invalid("A json_schema needs a schema.", "response_format.json_schema", "missing_required_parameter")


def _check_grounded(chat: ChatRequest) -> None:
    remedy = "ask another alias, or set slipway.documents to false"
    calls = any(message.tool_calls or message.role == "tool" for message in chat.messages)
    if chat.tools or calls:
        raise invalid(f"Tools are not supported in answers from documents; {remedy}.", "tools", "unsupported_parameter")
    if any(message.name and message.role == "user" for message in chat.messages):
        raise invalid(f"Names of users are not told in answers from documents; {remedy}.", "messages.name")
    if chat.response_format and chat.response_format.type != "text":
        message = f"Answers from documents are text; {remedy}."
        raise invalid(message, "response_format", "unsupported_value")


def _check_messages(messages: list[ChatMessage]) -> None:
    if not messages:
        raise invalid(
            "'messages' is empty; at least one message with role 'user' was expected.", "messages", "empty_array"
        )
    if len(messages) > MAX_MESSAGES:
        raise invalid(f"At most {MAX_MESSAGES} messages are accepted.", "messages")
    asked: set[str] = set()
    for index, message in enumerate(messages):
        _check_message(message, f"messages[{index}]", asked)
        asked |= {call.id for call in message.tool_calls or []}
    spoken = [index for index, message in enumerate(messages) if message.role in SPEAKERS]
    if not spoken or messages[spoken[-1]].role == "assistant":
        last = spoken[-1] if spoken else len(messages) - 1
        raise invalid("The last message beside those of the system must be the user's.", f"messages[{last}].role")
    if messages[spoken[-1]].role == "user" and not messages[spoken[-1]].text:
        raise invalid("The last message of the user must not be empty.", f"messages[{spoken[-1]}].content")


def _check_message(message: ChatMessage, place: str, asked: set[str]) -> None:
    if message.function_call:
        raise invalid("'function_call' is not supported.", f"{place}.function_call", "unsupported_parameter")
    if message.tool_calls and message.role != "assistant":
        raise invalid("Only an assistant's message has tool calls.", f"{place}.tool_calls")
    if message.role == "tool" and message.tool_call_id not in asked:
        raise invalid("A tool's message answers a call of a message before it.", f"{place}.tool_call_id")
    if message.content is None and message.role != "assistant":
        problem = f"{place}: a message of this role must have content."
        raise invalid(problem, f"{place}.content", "missing_required_parameter")
    if "\x00" in message.text:
        raise invalid("The content of a message must not hold NUL characters.", f"{place}.content")
