"""What a source may lose unasked, and what a person's word changes."""

from typing import Any

import pytest

from slipway_runtime.prepare.duplicates.claiming import DuplicateOf, Kept
from slipway_runtime.prepare.duplicates.settings import NearDuplicates, read
from support.duplicates import World


@pytest.fixture
def guarded(world: World) -> World:
    world.settings = NearDuplicates(enabled=True, min_documents=4, max_lost_share=0.3)
    return world


def claims(world: World, texts: Any, original: str, names: str) -> str:
    """What became of copies of a text, in order: k(ept), d(uplicate), h(eld)."""
    found = ""
    for name in names:
        claim = world.claim(name, texts.changed(original, 1))
        found += "d" if isinstance(claim, DuplicateOf) else "h" if claim.held else "k"
    return found


@pytest.mark.capability("D4")
def test_a_source_that_has_lost_its_share_loses_no_more_until_a_person_agrees(guarded: World, texts: Any) -> None:
    original = texts.text()
    assert claims(guarded, texts, original, "a") == "k"
    for name in "mnop":
        guarded.claim(name, texts.text())
    assert claims(guarded, texts, original, "bcdef") == "ddhhh"  # 2 of 7 are .29, 3 of 8 are .38
    assert guarded.tally() == (10, 2)
    for name in "qrstuvw":
        guarded.claim(name, texts.text())
    assert claims(guarded, texts, original, "g") == "h", "asked is asked, although 3 of 18 would be little"
    assert guarded.held() == {"doc_d", "doc_e", "doc_f", "doc_g"}

    assert set(guarded.index.confirm("acme/", 0.3)) == {"doc_d", "doc_e", "doc_f", "doc_g"}
    assert claims(guarded, texts, original, "defg") == "dddh"  # 5 of 18 are .28, 6 are .33
    assert guarded.held() == {"doc_g"}
    assert guarded.index.confirm("acme/", 1) == ("doc_g",)
    assert claims(guarded, texts, original, "ghi") == "ddd"
    assert guarded.held() == set()
    assert guarded.tally() == (20, 8)


def test_a_held_document_delivered_again_writes_nothing_and_goes_without_a_trace(guarded: World, texts: Any) -> None:
    guarded.settings = NearDuplicates(enabled=True, min_documents=1, max_lost_share=0)
    original = texts.text()
    guarded.claim("a", original)
    near = texts.changed(original, 1)
    first = guarded.claim("b", near)
    guarded.client.calls.clear()

    assert guarded.claim("b", near) == first
    assert first.held.document_id == "doc_a"
    assert "transact_write_items" not in guarded.client.calls
    guarded.release("b")
    assert guarded.held() == set()
    assert guarded.tally() == (1, 0)


def test_who_is_about_to_be_held_when_a_person_agrees_is_not(guarded: World, texts: Any) -> None:
    guarded.settings = NearDuplicates(enabled=True, min_documents=1, max_lost_share=0)
    original = texts.text()
    guarded.claim("a", original)
    guarded.claim("b", texts.changed(original, 1))

    def agree(operation: str) -> None:
        if operation == "transact_write_items":
            guarded.client.before = lambda operation: None
            guarded.index.confirm("acme/", 1)

    guarded.client.before = agree
    assert isinstance(guarded.claim("c", texts.changed(original, 1)), DuplicateOf)
    assert guarded.held() == {"doc_b"}


def test_what_it_repeated_goes_and_a_held_document_is_a_kept_one(guarded: World, texts: Any) -> None:
    guarded.settings = NearDuplicates(enabled=True, min_documents=1, max_lost_share=0)
    original = texts.text()
    near = texts.changed(original, 1)
    guarded.claim("a", original)
    guarded.claim("b", near)
    guarded.release("a")

    assert guarded.claim("b", near) == Kept()
    assert guarded.held() == set()
    assert guarded.tally() == (1, 0)


def test_a_document_whose_source_is_cut_out_of_another_counts_to_the_new_one(guarded: World, texts: Any) -> None:
    text = texts.text()
    guarded.claim("a", text)
    guarded.claim("a", text, 2, source="wiki/")

    assert (guarded.tally("acme/"), guarded.tally("acme/wiki/")) == ((0, 0), (1, 0))


def test_the_longest_prefix_is_the_source_and_says_how() -> None:
    settings = read(
        b'{"default":{"enabled":true},"sources":[{"prefix":"a/x/","near_duplicates":{"threshold":0.9}},{"prefix":"a/x/y/"}]}'
    )

    assert settings.of("a/b.md") == ("a/", NearDuplicates(enabled=True))
    assert settings.of("a/x/b.md") == ("a/x/", NearDuplicates(threshold=0.9))
    assert settings.of("a/x/y/b.md") == ("a/x/y/", NearDuplicates(enabled=True))


def test_a_source_may_lose_just_its_share(world: World, texts: Any) -> None:
    world.settings = NearDuplicates(enabled=True, min_documents=4, max_lost_share=0.5)
    original = texts.text()
    world.claim("m", texts.text())

    assert claims(world, texts, original, "abcd") == "kddh"  # 2 of 4 are .5, 3 of 5 are .6
