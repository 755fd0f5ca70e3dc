"""Versions and labels over a table."""

import pytest

from slipway_runtime.generate.errors import ApiError
from slipway_runtime.generate.prompts.labels import Labels
from slipway_runtime.generate.prompts.names import reference
from slipway_runtime.generate.prompts.versions import Author, Versions
from slipway_runtime.operate import rows
from slipway_runtime.operate.rows import NEW, Conflict

pytestmark = pytest.mark.capability("P1")
ANN = Author("acme/ann", "why not")


def test_the_same_content_is_the_same_version_and_another_one_the_next(versions: Versions) -> None:
    first = versions.create("greet", "one", ANN)
    assert (first.number, first.created, first.by, first.why) == (1, True, "acme/ann", "why not")
    assert versions.create("greet", "two", ANN).number == 2
    again = versions.create("greet", "one", Author("acme/bob"))
    assert (again.number, again.created, again.by) == (1, False, "acme/ann")
    assert [each.number for each in versions.newest("greet")] == [2, 1]
    assert [each.number for each in versions.newest("greet", after=2)] == [1]
    assert [entry.action for entry in versions.audit("greet")] == ["create", "create"]


def test_a_version_and_a_line_of_the_audit_are_never_written_over(versions: Versions) -> None:
    versions.create("greet", "one", ANN)
    for item in ("version#000001", "audit#000000001"):
        row: rows.Row = {"subject": versions.subject("greet"), "item": item, "body": "other"}
        with pytest.raises(Conflict):
            versions.table.write(rows.put(row, NEW))
    assert versions.get("greet", 1).body == "one"


def test_what_is_not_there_is_a_404_that_says_what(versions: Versions, labels: Labels) -> None:
    with pytest.raises(ApiError, match="no prompt 'greet'"):
        labels.get("greet", "production")
    versions.create("greet", "one", ANN)
    with pytest.raises(ApiError, match="no label 'greet@production'"):
        labels.get("greet", "production")
    with pytest.raises(ApiError, match="no version 'greet@7'"):
        labels.put("greet", "production", 7, ANN)


def test_tenants_and_kinds_are_apart(versions: Versions) -> None:
    versions.create("greet", "one", ANN)
    for other in (
        Versions(table=versions.table, tenant="other"),
        Versions(table=versions.table, tenant="acme", kind="example"),
    ):
        assert list(other.heads()) == []
        with pytest.raises(ApiError, match="There is no "):
            other.get("greet", 1)


def test_a_label_goes_back_step_by_step(versions: Versions, labels: Labels) -> None:
    for body in ("one", "two", "three"):
        versions.create("greet", body, ANN)
    for number in (1, 2, 2, 3):
        labels.put("greet", "production", number, ANN)

    assert labels.get("greet", "production").history == (1, 2)
    assert [labels.rollback("greet", "production", ANN).version for _ in range(2)] == [2, 1]
    with pytest.raises(ApiError, match="had no version before"):
        labels.rollback("greet", "production", ANN)
    moves = [(e.action, e.before, e.after) for e in versions.audit("greet") if e.action != "create"]
    assert moves == [
        ("rollback", "2", "1"),
        ("rollback", "3", "2"),
        ("label", "2", "3"),
        ("label", "1", "2"),
        ("label", "", "1"),
    ]


@pytest.mark.parametrize(
    "text", ["", "Greet", "a@b@c", "a@", "a@-", "a b", "a#b", "a@0", "-a", "a@1.0", "a~", "x" * 200]
)
def test_what_names_no_prompt_is_refused(text: str) -> None:
    if text == "a@":
        assert reference(text).at == "production"
        return
    with pytest.raises(ApiError) as raised:
        reference(text)
    assert raised.value.param == "prompt"
