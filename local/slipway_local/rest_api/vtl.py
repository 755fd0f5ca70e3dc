"""A small part of the Velocity template language: references, #set, #if, comments. Loops and macros are refused.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
"""

import re
from collections.abc import Callable
from typing import Any

CALL = r"\((?:[^()]|\([^()]*\))*\)"
PATH = rf"[A-Za-z][\w-]*(?:\.[A-Za-z][\w-]*(?:{CALL})?|\[[^\]]*\])*"
REFERENCE = rf"\$!?(?:\{{{PATH}\}}|{PATH})"
TOKEN = re.compile(
    rf"##[^\n]*\n?|#\*.*?\*#|#(?P<directive>set|if|elseif|else|end|foreach|break|stop|macro|parse|include|evaluate)\b"
    rf"|(?P<reference>{REFERENCE})",
    re.DOTALL,
)
EXPRESSION = re.compile(
    rf"""\s*(?:(?P<text>"[^"]*"|'[^']*')|(?P<number>\d+(?:\.\d+)?)|(?P<word>true|false|null)\b"""
    rf"""|(?P<operator>==|!=|&&|\|\||!|\(|\))|(?P<reference>{REFERENCE}))"""
)
PART = re.compile(rf"\.?([A-Za-z][\w-]*)({CALL})?|\[([^\]]*)\]")
WORDS = {"true": True, "false": False, "null": None}
Scope = dict[str, Any]
Node = Callable[[Scope], str]


class TemplateSyntaxError(ValueError):
    """A template that is wrong, or that uses what is not emulated."""


def compile_template(source: str) -> Node:
    """Return a function from variables to text. Raises: TemplateSyntaxError."""
    node, position, ended_by = _block(source, 0)
    if ended_by:
        raise TemplateSyntaxError(f"#{ended_by} without #if at character {position}")
    return node


def _block(source: str, position: int) -> tuple[Node, int, str]:
    """Return the node up to the directive that ends this block, the place after it, and its name."""
    nodes: list[Node] = []
    while found := TOKEN.search(source, position):
        nodes.append(_literal(source[position : found.start()]))
        position, directive = found.end(), found["directive"]
        if found["reference"]:
            if "." in found["reference"] and source.startswith("(", position):
                raise TemplateSyntaxError(f"{found['reference']}(…): calls nested this deep are not emulated")
            nodes.append(_shown(found["reference"]))
        elif directive in ("elseif", "else", "end"):
            return _sequence(nodes), position, directive
        elif directive == "if":
            node, position = _if(source, position)
            nodes.append(node)
        elif directive == "set":
            node, position = _set(source, position)
            nodes.append(node)
        elif directive:
            raise TemplateSyntaxError(f"#{directive} is not emulated; #set, #if, #elseif, #else and #end are")
    nodes.append(_literal(source[position:]))
    return _sequence(nodes), len(source), ""


def _if(source: str, position: int) -> tuple[Node, int]:
    branches: list[tuple[Callable[[Scope], Any], Node]] = []
    directive = "if"
    while directive in ("if", "elseif"):
        text, position = _parenthesis(source, position)
        condition = _expression(text)
        body, position, directive = _block(source, position)
        branches.append((condition, body))
    if directive == "else":
        body, position, directive = _block(source, position)
        branches.append((lambda scope: True, body))
    if directive != "end":
        raise TemplateSyntaxError("#if without #end")
    return (lambda scope: next((body(scope) for test, body in branches if test(scope)), "")), position


def _set(source: str, position: int) -> tuple[Node, int]:
    text, position = _parenthesis(source, position)
    target, equals, value = text.partition("=")
    target = target.strip().removeprefix("$").strip("{}")
    if not equals or not re.fullmatch(r"[A-Za-z][\w.-]*", target):
        raise TemplateSyntaxError(f"#set({text}) is not emulated; #set($name = value) is")
    *path, name = target.split(".")
    evaluate = _expression(value)

    def node(scope: Scope) -> str:
        holder: Any = scope
        for part in path:
            holder = holder.setdefault(part, {})
        holder[name] = evaluate(scope)
        return ""

    # A line that holds nothing but a directive leaves no line behind.
    return node, position + (source[position : position + 1] == "\n")


def _parenthesis(source: str, position: int) -> tuple[str, int]:
    opening = re.compile(r"\s*\(").match(source, position)
    if not opening:
        raise TemplateSyntaxError(f"expected ( at character {position}")
    depth, start, quote = 1, opening.end(), ""
    for index in range(start, len(source)):
        character = source[index]
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        else:
            depth += (character == "(") - (character == ")")
        if not depth:
            return source[start:index], index + 1
    raise TemplateSyntaxError(f"unclosed ( at character {position}")


def _expression(text: str) -> Callable[[Scope], Any]:
    """Return the value of an expression: comparisons bind closer than `&&`, and that closer than `||`."""
    tokens, position = [], 0
    while text[position:].strip():
        found = EXPRESSION.match(text, position)
        if not found:
            raise TemplateSyntaxError(f"the expression {text.strip()!r} is not emulated")
        tokens.append((str(found.lastgroup), found[str(found.lastgroup)]))
        position = found.end()
    value, rest = _operation(tokens, 0)
    if rest:
        raise TemplateSyntaxError(f"the expression {text.strip()!r} is not emulated")
    return value


LEVELS: tuple[dict[str, Callable[[Any, Any], Any]], ...] = (
    {"||": lambda a, b: bool(a) or bool(b)},
    {"&&": lambda a, b: bool(a) and bool(b)},
    {"==": lambda a, b: a == b, "!=": lambda a, b: a != b},
)
Tokens = list[tuple[str, str]]


def _operation(tokens: Tokens, level: int) -> tuple[Callable[[Scope], Any], Tokens]:
    if level == len(LEVELS):
        return _operand(tokens)
    left, tokens = _operation(tokens, level + 1)
    while tokens and tokens[0][1] in LEVELS[level] and tokens[0][0] == "operator":
        combine = LEVELS[level][tokens[0][1]]
        right, tokens = _operation(tokens[1:], level + 1)
        left = _combined(combine, left, right)
    return left, tokens


def _combined(combine: Callable[[Any, Any], Any], left: Any, right: Any) -> Callable[[Scope], Any]:
    return lambda scope: combine(left(scope), right(scope))


def _operand(tokens: Tokens) -> tuple[Callable[[Scope], Any], Tokens]:
    if not tokens:
        raise TemplateSyntaxError("an expression ends too early")
    (kind, text), rest = tokens[0], tokens[1:]
    if (kind, text) == ("operator", "!"):
        inner, rest = _operand(rest)
        return (lambda scope: not inner(scope)), rest
    if (kind, text) == ("operator", "("):
        inner, rest = _operation(rest, 0)
        if not rest or rest[0][1] != ")":
            raise TemplateSyntaxError("unclosed ( in an expression")
        return inner, rest[1:]
    if kind == "reference":
        return _reference(text), rest
    if kind == "text":
        return (compile_template(text[1:-1]) if text[0] == '"' else _literal(text[1:-1])), rest
    if kind == "operator":
        raise TemplateSyntaxError(f"unexpected {text} in an expression")
    value: Any = WORDS[text] if kind == "word" else float(text) if "." in text else int(text)
    return (lambda scope: value), rest


def _reference(text: str) -> Callable[[Scope], Any]:
    parts = [(found[1], found[2], found[3]) for found in PART.finditer(text.lstrip("$!").strip("{}"))]
    steps = [
        (name, None if arguments is None else _arguments(arguments), _expression(key or "''"))
        for name, arguments, key in parts
    ]

    def value(scope: Scope) -> Any:
        found: Any = scope
        for name, arguments, key in steps:
            holder = found
            found = holder.get(name or str(key(scope))) if isinstance(holder, dict) else None
            if arguments is not None:
                method = holder.get if name == "get" and isinstance(holder, dict) else found
                if holder is not None and not callable(method):
                    raise TemplateSyntaxError(f"{name}() in {text} is not emulated")
                found = method(*[argument(scope) for argument in arguments]) if callable(method) else None
        return found

    return value


def _arguments(text: str) -> list[Callable[[Scope], Any]]:
    inner = text[1:-1].strip()
    return [_expression(part) for part in inner.split(",")] if inner else []


def _shown(text: str) -> Node:
    value = _reference(text)

    def node(scope: Scope) -> str:
        found = value(scope)
        return "" if found is None else str(found).lower() if isinstance(found, bool) else str(found)

    return node


def _literal(text: str) -> Node:
    return lambda scope: text


def _sequence(nodes: list[Node]) -> Node:
    return lambda scope: "".join(node(scope) for node in nodes)
