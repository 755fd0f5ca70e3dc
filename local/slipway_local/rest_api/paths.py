"""Which resource a path leads to: fixed segments win over {parameters}, those over {greedy+} ones."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote


def parameters_of(template: str, path: str) -> dict[str, str] | None:
    """Return the path parameters, or None where the template does not fit."""
    wanted, given = template.strip("/").split("/"), path.strip("/").split("/")
    parameters: dict[str, str] = {}
    for number, part in enumerate(wanted):
        if part.endswith("+}"):
            rest = "/".join(given[number:])
            return {**parameters, part[1:-2]: rest} if rest else None
        if number >= len(given):
            return None
        if part.startswith("{"):
            if not given[number]:
                return None
            parameters[part[1:-1]] = unquote(given[number])
        elif part != given[number]:
            return None
    return parameters if len(wanted) == len(given) else None


def most_specific(templates: Iterable[str], path: str) -> tuple[str, dict[str, str]] | None:
    """Return the template that fits best, and the path parameters."""
    fitting = [(one, found) for one in templates if (found := parameters_of(one, path)) is not None]
    return min(fitting, key=_rank) if fitting else None


def _rank(one: tuple[str, Any]) -> list[int]:
    return [2 if part.endswith("+}") else int(part.startswith("{")) for part in one[0].strip("/").split("/")]
