"""What the demo takes for proof that the platform works."""

import importlib.util
from typing import Any

import pytest

from support.command import ROOT


@pytest.fixture(scope="module")
def demo() -> Any:
    spec = importlib.util.spec_from_file_location("demo", ROOT / "tools/demo.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("own", "cited", "expected"),
    [
        (True, (True, True, False), None),
        (True, (True, False, False), "answered in the wrong way: ['two']"),
        (True, (True, True, True), "answered in the wrong way: ['moons']"),
        (False, (True, True, False), None),
        (False, (False, True, False), None),
        (False, (True, False, True), "answered in the wrong way: ['moons']"),
        (False, (False, False, False), "not one answer was grounded in the documents and cited. Look at"),
    ],
)
def test_at_least_one_answer_must_be_grounded(demo: Any, own: bool, cited: tuple[bool, ...], expected: str) -> None:
    asked = (("one", True), ("two", True), ("moons", False))
    outcomes = [(question, wanted, found) for (question, wanted), found in zip(asked, cited, strict=True)]
    problem = demo.failure(outcomes, own=own)
    assert problem is None if expected is None else problem.startswith(expected)


def test_without_a_question_nothing_is_proven(demo: Any) -> None:
    assert "not one answer" in demo.failure([("moons", False, False)], own=False)
