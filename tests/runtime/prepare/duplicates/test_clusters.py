import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipway_runtime.prepare.duplicates.clusters import Duplicate, cluster_sizes, find_duplicates
from slipway_runtime.prepare.duplicates.guard import Held, Removal, guard
from slipway_runtime.prepare.duplicates.normal import digest
from slipway_runtime.prepare.duplicates.similarity import jaccard, shingle_set


@pytest.mark.capability("D4")
def test_planted_duplicates_are_found_and_nothing_else(texts: Any) -> None:
    """Precision 1 by verification, recall .99 at a similarity of .8 or more."""
    corpus = [texts.text() for _ in range(600)]
    wanted: dict[int, int] = {}
    for place in range(300):
        edits = place % 7  # similarities from 1 to .81
        wanted[len(corpus)] = place
        corpus.append(texts.changed(corpus[place], edits))
    corpus += [texts.changed(corpus[place], 20) for place in range(300, 500)]  # similarity .49: no duplicates

    found = {each.document: each for each in find_duplicates(corpus)}

    assert set(found) <= set(wanted)
    assert len(found) >= 0.99 * len(wanted)
    assert all(found[document].kept == wanted[document] for document in found)
    for each in found.values():
        exact = jaccard(shingle_set(corpus[each.document]), shingle_set(corpus[each.kept]))
        assert each.similarity == pytest.approx(exact)


@pytest.mark.capability("D4")
def test_a_chain_of_small_differences_does_not_run_away(texts: Any) -> None:
    """Each is like its neighbours (.9); transitive closure would leave one of 120."""
    rng = random.Random(3)
    words = texts.text().split()
    corpus = []
    for _ in range(120):
        corpus.append(" ".join(words))
        for _ in range(3):
            words[rng.randrange(len(words))] = rng.choice(texts.vocabulary)

    duplicates = find_duplicates(corpus)

    kept = set(range(len(corpus))) - {each.document for each in duplicates}
    assert len(kept) > 10
    sets = [shingle_set(text) for text in corpus]
    assert all(jaccard(sets[each.document], sets[each.kept]) >= 0.8 for each in duplicates)
    assert {each.kept for each in duplicates} <= kept


def test_the_first_is_kept_in_whatever_order(texts: Any) -> None:
    text = texts.text()
    near, copy = texts.changed(text, 2), "  " + text.upper() + "\n"

    assert find_duplicates([text, near, copy]) == [
        Duplicate(1, 0, pytest.approx((300 - 4 - 10) / (300 - 4 + 10))),
        Duplicate(2, 0, 1.0),
    ]
    assert [(each.document, each.kept) for each in find_duplicates([near, copy, text])] == [(1, 0), (2, 0)]
    assert cluster_sizes(find_duplicates([near, copy, text])) == {0: 3}


def test_boilerplate_shared_by_all_makes_no_duplicates(texts: Any) -> None:
    """Half of each document is the same: similarity .33, thousands of candidates, no duplicate, no quadratic time."""
    footer = texts.text(150)
    corpus = [f"{texts.text(150)} {footer}" for _ in range(1500)]

    assert find_duplicates(corpus) == []


def test_duplicates_are_found_among_boilerplate(texts: Any) -> None:
    footer = texts.text(120)
    corpus = [f"{texts.text(180)} {footer}" for _ in range(800)]
    copies = [texts.changed(text, 1) for text in corpus[:200]]

    found = find_duplicates(corpus + copies)

    assert len(found) >= 198
    assert all(each.kept == each.document - 800 for each in found)


@pytest.mark.capability("D4")
@pytest.mark.parametrize(("form", "edits"), [(0, 5), (230, 5), (255, 4)])
def test_a_form_that_all_share_hides_no_duplicate(texts: Any, form: int, edits: int) -> None:
    """Unlike documents are up to .74 alike, so that they share most bands; copies are .84 or more like theirs."""
    same = texts.text(form)
    corpus = [f"{same} {texts.text(300 - form)}" for _ in range(500)]

    found = find_duplicates([*corpus, *(texts.changed(text, edits) for text in corpus)])

    assert len(found) >= 0.99 * 500
    assert all(each.kept == each.document - 500 for each in found)


@pytest.mark.parametrize("corpus", [[], [""], ["", ""], ["one"], ["!", "?"], ["a b", "A, b!"]])
def test_tiny_corpora(corpus: list[str]) -> None:
    alike = len(corpus) == 2 and (corpus[0] == corpus[1] or "a b" in corpus)
    assert [each.document for each in find_duplicates(corpus)] == ([1] if alike else [])


DOCUMENT = st.lists(st.sampled_from("abcdefgh"), max_size=14).map(" ".join)


@given(st.lists(DOCUMENT, max_size=40))
@settings(deadline=None, max_examples=150)
def test_every_verdict_is_right_and_falls_on_a_kept_document(corpus: list[str]) -> None:
    duplicates = find_duplicates(corpus)
    gone = {each.document for each in duplicates}

    assert [each.document for each in duplicates] == sorted(gone)
    for each in duplicates:
        assert each.kept < each.document
        assert each.kept not in gone
        same = digest(corpus[each.document]) == digest(corpus[each.kept])
        assert same or jaccard(shingle_set(corpus[each.document]), shingle_set(corpus[each.kept])) >= 0.8
    left = [text for place, text in enumerate(corpus) if place not in gone]
    assert find_duplicates(left) == []


@pytest.mark.capability("D4")
def test_a_source_that_would_lose_too_much_waits_for_a_person() -> None:
    found = [Duplicate(place, 0, 0.9) for place in range(1, 32)]

    held = guard(found, 100)

    assert isinstance(held, Held)
    assert held.duplicates == tuple(found)
    assert "31 of 100 documents (31.0%)" in held.reason
    assert held.acknowledgement in held.reason
    assert guard(found, 100, acknowledged=held.acknowledgement) == Removal(duplicates=tuple(found))
    assert isinstance(guard(found[:-1], 100), Removal)
    assert isinstance(guard(found, 100, max_share=0.31), Removal)


def test_an_acknowledgement_fits_the_list_that_was_seen_only() -> None:
    seen = guard([Duplicate(1, 0, 1.0)], 2)
    assert isinstance(seen, Held)

    assert isinstance(guard([Duplicate(2, 0, 1.0)], 2, acknowledged=seen.acknowledgement), Held)
    assert isinstance(guard([Duplicate(1, 0, 1.0), Duplicate(2, 0, 1.0)], 3, acknowledged=seen.acknowledgement), Held)


def test_an_empty_source_loses_nothing() -> None:
    assert guard([], 0) == Removal(duplicates=())
