"""The intrinsic functions of JSONPath state machines.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
"""

import base64
import copy
import hashlib
import json
import math
import random
import re
import uuid
from collections.abc import Callable
from typing import Any

from slipway_local.state_machines.errors import StatesError

TOKEN = re.compile(r"""\s*(?:(States\.\w+)\s*\(|'((?:[^'\\]|\\.)*)'|(-?\d+(?:\.\d+)?)|(true|false|null)|(?=\$))""")
MAXIMUM_RANGE = 1000
ReadPath = Callable[[str], Any]


class RawText(str):
    """A string literal as written, with its escapes: States.Format tells `\\{` from `{`."""


def evaluate(text: str, read: ReadPath) -> Any:
    """Return the value of a call such as `States.Format('{}', $.x)`. Raises StatesError States.IntrinsicFailure."""
    try:
        value, end = _argument(text, 0, read)
        if text[end:].strip():
            raise ValueError(f"unexpected {text[end:]!r}")
        return value
    except (ValueError, TypeError, IndexError, KeyError) as error:
        raise StatesError("States.IntrinsicFailure", f"{text}: {error}") from error


def check(text: str) -> None:
    """Raise StatesError if the text names a function that does not exist."""
    for name in re.findall(r"States\.(\w+)", re.sub(r"'(?:[^'\\]|\\.)*'", "''", text)):
        if name not in FUNCTIONS:
            raise StatesError("States.IntrinsicFailure", f"there is no function States.{name}")


def _argument(text: str, start: int, read: ReadPath) -> tuple[Any, int]:
    match = TOKEN.match(text, start)
    if match is None:
        raise ValueError(f"cannot read {text[start:]!r}")
    if match[1]:
        arguments, end = _arguments(text, match.end(), read)
        return _call(match[1].removeprefix("States."), arguments), end
    if match[2] is not None:
        return RawText(match[2]), match.end()
    if match[3]:
        return (float(match[3]) if "." in match[3] else int(match[3])), match.end()
    if match[4]:
        return {"true": True, "false": False, "null": None}[match[4]], match.end()
    end = _path_end(text, match.end())
    return read(text[match.end() : end].strip()), end


def _path_end(text: str, start: int) -> int:
    depth = 0
    for index in range(start, len(text)):
        if text[index] in "[(":
            depth += 1
        elif text[index] in "])" and depth:
            depth -= 1
        elif text[index] in ",)" and not depth:
            return index
    return len(text)


def _arguments(text: str, start: int, read: ReadPath) -> tuple[list[Any], int]:
    arguments: list[Any] = []
    while True:
        if text[start:].lstrip()[:1] == ")":
            return arguments, text.index(")", start) + 1
        if arguments:
            if text[start:].lstrip()[:1] != ",":
                raise ValueError(f"cannot read {text[start:]!r}")
            start = text.index(",", start) + 1
        value, start = _argument(text, start, read)
        arguments.append(value)


def _call(name: str, arguments: list[Any]) -> Any:
    if name not in FUNCTIONS:
        raise ValueError(f"there is no function States.{name}")
    plain = [
        _unescaped(a) if isinstance(a, RawText) and (name, i) != ("Format", 0) else a for i, a in enumerate(arguments)
    ]
    return FUNCTIONS[name](*plain)


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", str(text))


def _format(template: str, *values: Any) -> str:
    remaining = list(values)

    def fill(match: re.Match[str]) -> str:
        if match[1]:
            return match[1]
        value = remaining.pop(0)
        return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))

    pattern = r"\\(.)|\{\}" if isinstance(template, RawText) else r"(?!)()|\{\}"
    text = re.sub(pattern, fill, template)
    if remaining:
        raise ValueError("more arguments than {}")
    return text


def _partition(items: list[Any], size: int) -> list[list[Any]]:
    if size < 1:
        raise ValueError("the size of a partition is at least 1")
    return [items[start : start + size] for start in range(0, len(items), size)]


def _range(first: int, last: int, step: int) -> list[int]:
    if step == 0:
        raise ValueError("the step is not 0")
    numbers = list(range(first, last + (1 if step > 0 else -1), step))
    if len(numbers) > MAXIMUM_RANGE:
        raise ValueError(f"a range has at most {MAXIMUM_RANGE} items")
    return numbers


def _unique(items: list[Any]) -> list[Any]:
    seen = {json.dumps(item, sort_keys=True): item for item in reversed(items)}
    return [seen.pop(key) for key in (json.dumps(item, sort_keys=True) for item in items) if key in seen]


def _merge(first: dict[str, Any], second: dict[str, Any], deep: bool) -> dict[str, Any]:
    if deep:
        raise ValueError("only shallow merging is supported (the third argument is false)")
    return copy.deepcopy({**first, **second})


def _hash(value: Any, algorithm: str) -> str:
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    return hashlib.new(algorithm.replace("-", "").lower(), text.encode()).hexdigest()


def _random(first: int, last: int, seed: Any = None) -> int:
    source = random.Random(seed) if seed is not None else random  # noqa: S311 - as documented
    return source.randrange(_rounded(first), _rounded(last))


def _rounded(number: float) -> int:
    """Return the nearest integer, as the functions on numbers take theirs; of two as near, the larger."""
    return math.floor(number + 0.5)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "Format": _format,
    "StringToJson": json.loads,
    "JsonToString": lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False),
    "Array": lambda *items: list(items),
    "ArrayPartition": lambda items, size: _partition(items, _rounded(size)),
    "ArrayContains": lambda items, item: item in items,
    "ArrayRange": lambda first, last, step: _range(_rounded(first), _rounded(last), _rounded(step)),
    "ArrayGetItem": lambda items, index: items[index],
    "ArrayLength": len,
    "ArrayUnique": _unique,
    "Base64Encode": lambda text: base64.b64encode(text.encode()).decode(),
    "Base64Decode": lambda text: base64.b64decode(text).decode(),
    "Hash": _hash,
    "JsonMerge": _merge,
    "MathRandom": _random,
    "MathAdd": lambda first, second: _rounded(first) + _rounded(second),
    "StringSplit": lambda text, separators: [part for part in re.split(f"[{re.escape(separators)}]", text) if part],
    "UUID": lambda: str(uuid.uuid4()),
}
