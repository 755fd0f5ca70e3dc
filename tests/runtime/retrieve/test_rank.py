"""Ranking keeps what is relevant, new and affordable."""

from dataclasses import replace

from slipway_runtime.retrieve.rank import above, distinct, estimate_tokens, within_budget
from slipway_runtime.retrieve.stores.contract import Hit


def hit(content: str, score: float = 0.5, name: str = "a") -> Hit:
    return Hit(
        chunk_id=name, document_id="d", path="p.md", heading="", page=None, content=content, score=score, fused=0.1
    )


def test_hits_below_the_threshold_go() -> None:
    assert [each.score for each in above([hit("a", 0.9), hit("b", 0.29), hit("c", 0.3)], 0.3)] == [0.9, 0.3]


def test_near_duplicates_go_and_neighbours_with_some_overlap_stay() -> None:
    words = [f"word{index}" for index in range(100)]
    whole, same = hit(" ".join(words)), hit("  ".join(words[:99]) + " changed")
    part, neighbour = hit(" ".join(words[20:60])), hit(" ".join([*words[80:], *(f"new{i}" for i in range(80))]))
    assert distinct([whole, same, part, neighbour]) == [whole, neighbour]
    assert distinct([hit("Yes."), hit("No."), hit("yes")]) == [hit("Yes."), hit("No.")]


def test_the_budget_takes_the_best_that_fit() -> None:
    small, large = hit("x" * 400), hit("y" * 4_000)
    assert within_budget([small, large, small], 300) == [small, small]


def test_a_best_hit_larger_than_the_budget_is_cut_to_it_and_not_lost() -> None:
    for content in ("y" * 4_000, "日" * 4_000, "ab日" * 2_000):
        [kept, *rest] = within_budget([hit(content), hit("x" * 400)], 300)
        assert rest == []
        assert content.startswith(kept.content)
        assert 250 < estimate_tokens(kept.content) <= 280
    long_path = replace(hit("y" * 4_000), path="p" * 1_024)
    assert [estimate_tokens(each.content) for each in within_budget([long_path], 300)] == [150]


def test_what_is_cut_off_is_not_within_the_place_of_the_hit() -> None:
    repeated, start = len("| header |\n"), 1_000
    whole = replace(hit("| header |\n" + "y" * 4_000), start=start, end=start + 4_000)
    [kept] = within_budget([whole], 300)
    assert kept.start == start
    assert kept.end == start + len(kept.content) - repeated


def test_tokens_are_rather_over_than_underestimated() -> None:
    assert estimate_tokens("abcd" * 10) == 10
    assert estimate_tokens("日本語") == 3
    assert estimate_tokens("") == 0
