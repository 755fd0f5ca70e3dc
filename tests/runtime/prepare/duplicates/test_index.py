"""What the online index says of documents that come, repeat, change and go."""

from typing import Any

import pytest

from slipway_runtime.prepare.duplicates.claiming import DuplicateOf, Kept, Stale
from slipway_runtime.prepare.duplicates.settings import NearDuplicates
from slipway_runtime.prepare.duplicates.similarity import jaccard, shingle_set
from support.duplicates import World


@pytest.mark.capability("D4")
def test_a_copy_that_arrives_later_is_found_and_a_different_document_is_not(world: World, texts: Any) -> None:
    text = texts.text()
    near, far = texts.changed(text, 3), texts.changed(text, 12)
    exact = jaccard(shingle_set(text), shingle_set(near))

    assert world.claim("a", text) == Kept()
    assert world.claim("b", near) == DuplicateOf(document_id="doc_a", similarity=exact)
    assert world.claim("c", text.upper()) == DuplicateOf(document_id="doc_a", similarity=1.0)
    assert world.claim("d", far) == Kept()
    assert world.claim("e", texts.changed(far, 1)) == DuplicateOf(
        document_id="doc_d", similarity=pytest.approx(0.967, abs=0.01)
    )


def test_a_document_is_no_duplicate_of_itself_delivered_again_or_older(world: World, texts: Any) -> None:
    text = texts.text()
    assert world.claim("a", text, 1) == Kept()
    before = world.items()

    assert world.claim("a", text, 1) == Kept()
    assert world.items() == before
    assert world.claim("a", text, 2) == Kept()
    assert world.claim("a", texts.changed(text, 2), 3) == Kept()
    assert world.claim("a", text, 2) == Stale()
    assert world.claim("b", texts.changed(text, 1), 1).document_id == "doc_a"
    duplicates = world.items()
    assert world.claim("b", texts.changed(text, 1), 0) == Stale()
    assert world.items() == duplicates


def test_a_duplicate_delivered_again_costs_reads_only(world: World, texts: Any) -> None:
    text = texts.text()
    near = texts.changed(text, 2)
    world.claim("a", text)
    first = world.claim("b", near)
    world.client.calls.clear()

    assert world.claim("b", near) == first
    assert "transact_write_items" not in world.client.calls


def test_a_new_document_costs_one_read_and_one_transaction(world: World, texts: Any) -> None:
    world.claim("a", texts.text())
    world.client.calls.clear()
    world.claim("b", texts.text())

    assert world.client.calls == ["batch_get_item", "transact_write_items"]
    sizes = [sum(len(name) + size(value) for name, value in item.items()) for item in world.items()]
    assert len(sizes) == 28
    assert world.tally() == (2, 0)
    assert max(sizes) < 1024  # one write unit


def size(attribute: dict[str, Any]) -> int:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html"""
    ((kind, value),) = attribute.items()
    return 3 + sum(1 + size(each) for each in value) if kind == "L" else len(value)


def test_a_document_that_goes_gives_its_bands_back_and_names_who_repeated_it(world: World, texts: Any) -> None:
    text = texts.text()
    near, nearer = texts.changed(text, 1), texts.changed(text, 2)
    world.claim("a", text)
    world.claim("b", near)
    world.claim("c", nearer)

    assert world.release("a") == ("doc_b", "doc_c")
    assert world.release("a") == ("doc_b", "doc_c")  # whoever asked may have been stopped: the orphans wait
    assert world.claim("b", near) == Kept()
    assert world.claim("c", nearer).document_id == "doc_b"
    assert world.release("a") == ()
    assert world.release("c") == ()
    assert world.release("b") == ()
    assert world.items() == []


def test_a_document_that_changes_frees_its_old_text_and_holds_its_new_one(world: World, texts: Any) -> None:
    old, new = texts.text(), texts.text()
    world.claim("a", old, 1)
    assert world.claim("b", texts.changed(old, 1)).document_id == "doc_a"

    assert world.claim("a", new, 2) == Kept(orphans=("doc_b",))
    assert world.claim("a", new, 2) == Kept(orphans=("doc_b",))
    assert world.claim("b", texts.changed(old, 1)) == Kept()
    assert world.claim("a", new, 2) == Kept()
    assert world.claim("c", texts.changed(new, 1)).document_id == "doc_a"
    assert world.claim("d", old).document_id == "doc_b"


def test_a_kept_document_that_turns_into_a_duplicate_names_its_orphans(world: World, texts: Any) -> None:
    first, second = texts.text(), texts.text()
    world.claim("a", first)
    world.claim("b", second)
    world.claim("c", texts.changed(second, 1))

    changed = world.claim("b", texts.changed(first, 1), 2)

    assert changed.document_id == "doc_a"
    assert changed.orphans == ("doc_c",)
    assert world.claim("b", world.texts["acme", "doc_b"], 2).orphans == ("doc_c",)
    assert world.claim("c", texts.changed(second, 1)) == Kept()
    assert world.claim("b", world.texts["acme", "doc_b"], 2).orphans == ()


@pytest.mark.capability("D4")
def test_tenants_never_see_each_other_and_sources_of_one_tenant_do(world: World, texts: Any) -> None:
    text = texts.text()
    assert world.claim("a", text) == Kept()

    assert world.claim("b", text, tenant="other") == Kept()
    assert world.claim("a", text, tenant="third") == Kept()
    assert world.release("a", tenant="other") == ()
    assert world.claim("c", text, source="mail/") == DuplicateOf(document_id="doc_a", similarity=1.0)
    assert world.claim("d", text) == DuplicateOf(document_id="doc_a", similarity=1.0)
    assert world.claim("e", text, tenant="me#document#doc_a#acme") == Kept()


def test_an_older_version_releases_nothing(world: World, texts: Any) -> None:
    text = texts.text()
    world.claim("a", text, 3)
    before = world.items()

    assert world.release("a", 2) == ()
    assert world.items() == before
    world.release("a", 3)
    assert world.items() == []


def test_documents_without_words_repeat_only_their_equals(world: World) -> None:
    assert world.claim("a", "!!!") == Kept()
    assert world.claim("b", "???") == Kept()
    assert world.claim("c", " !!!\n") == DuplicateOf(document_id="doc_a", similarity=1.0)
    assert world.claim("d", "one word") == Kept()
    assert world.claim("e", "One... WORD") == DuplicateOf(document_id="doc_d", similarity=1.0)


def test_without_the_candidates_text_there_is_no_evidence(world: World, texts: Any) -> None:
    text = texts.text()
    world.claim("a", text)
    world.texts.clear()

    assert world.claim("b", texts.changed(text, 1)) == Kept()


def test_the_text_decides_not_the_signature(world: World, texts: Any) -> None:
    """Precision: the candidate's text changed since, and its own event has not come yet."""
    text = texts.text()
    world.claim("a", text)
    world.texts["acme", "doc_a"] = texts.text()

    assert world.claim("b", texts.changed(text, 1)) == Kept()


def test_the_likeliest_candidate_is_no_duplicate_and_the_next_one_is(world: World, texts: Any) -> None:
    """A held document is a kept one too, so two that are alike own the same bands; one's text is another since."""
    world.settings = NearDuplicates(enabled=True, min_documents=1, max_lost_share=0)
    text = texts.text()
    world.claim("a", text)
    assert world.claim("b", texts.changed(text, 1)).held.document_id == "doc_a"
    world.texts["acme", "doc_a"] = texts.text()

    assert world.claim("c", f"{text} more").held.document_id == "doc_b"
