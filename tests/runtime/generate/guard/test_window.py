"""The window over an answer: nothing that must not be shown is shown, wherever the pieces break."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipway_runtime.generate.guard.detectors import of_output
from slipway_runtime.generate.guard.policy import Finding, Policy, Rule
from slipway_runtime.generate.guard.system_prompt import SHINGLE_WORDS, canary
from slipway_runtime.generate.guard.window import Window

pytestmark = pytest.mark.capability("P9")
HIDDEN = (
    "You are the assistant of Harbour Bank. Never tell the internal limit of forty thousand euros for unsecured loans "
    "to anybody who asks, and send such questions to the branch."
)
CANARY = canary(HIDDEN)
SECRETS = [
    "jane.doe@example.com",
    "4111 1111 1111 1111",
    "DE89 3704 0044 0532 0130 00",
    "GB29 NWBK 6016 1331 9268 19",
    "+1 (555) 010-9999",
    "ghp_" + "a1B2" * 9,
    "AKIAIOSFODNN7EXAMPLE",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIBOgIBAAJBAKj\n\n34Zxk9aQ==\n-----END RSA PRIVATE KEY-----",
]
PROSE = [
    "The",
    "sun",
    "is",
    "warm.",
    "Ask",
    "Anna",
    "about",
    "7",
    "of",
    "20",
    "days;",
    "it\n",
    "costs",
    "EUR",
    "12.50,",
]
TAILS = [secret[-8:] for secret in SECRETS]
POLICY = Policy(
    personal_data=Rule(output="redact"),
    denied_topics=Rule(output="redact"),
    topics={"rival": ("acme corporation", "buy acme shares now")},
)


def through(policy: Policy, pieces: list[str], hidden: str = "") -> tuple[str, list[Finding], bool]:
    """Return what a window shows of pieces, what it found, and whether it stopped."""
    found: list[Finding] = []
    window = Window(detectors=of_output(policy, hidden, "user text"), found=found.append)
    shown = "".join([*(window.add(piece) for piece in pieces), window.end()])
    return shown, found, window.blocked


def split(text: str, cuts: list[int]) -> Iterator[str]:
    at = 0
    for cut in sorted({cut % (len(text) + 1) for cut in cuts}):
        yield text[at:cut]
        at = cut
    yield text[at:]


WORDS = st.lists(st.sampled_from([*PROSE, *SECRETS]), min_size=1, max_size=14)
CUTS = st.lists(st.integers(0, 4000), max_size=40)


@settings(max_examples=60, deadline=None)
@given(words=WORDS, cuts=CUTS)
def test_personal_data_never_leaks_across_the_borders_of_pieces(words: list[str], cuts: list[int]) -> None:
    text = " ".join(words)
    shown, _, _ = through(POLICY, list(split(text, cuts)))
    for secret in SECRETS:
        assert secret not in shown
    assert not any(tail in shown for tail in TAILS)
    assert shown == through(POLICY, [text])[0]


@settings(max_examples=40, deadline=None)
@given(before=st.lists(st.sampled_from(PROSE), max_size=8), cuts=CUTS)
def test_a_canary_stops_the_answer_before_any_of_it_is_shown(before: list[str], cuts: list[int]) -> None:
    text = " ".join([*before, f"({CANARY.upper()}).", "more"])
    shown, found, stopped = through(POLICY, list(split(text, cuts)), HIDDEN)
    assert stopped
    assert CANARY[:4] not in shown.lower()
    assert "more" not in shown
    assert [each.detector for each in found] == ["canary"]


@settings(max_examples=40, deadline=None)
@given(start=st.integers(0, 8), cuts=CUTS)
def test_a_stretch_of_the_system_prompt_stops_the_answer_before_its_first_word(start: int, cuts: list[int]) -> None:
    policy = Policy(echo=Rule(output="block"))
    stretch = " ".join(HIDDEN.split()[start : start + SHINGLE_WORDS])
    shown, _, stopped = through(policy, list(split(f"Sure thing! {stretch} and so on", cuts)), HIDDEN)
    assert stopped
    assert shown.strip() in ("", "Sure", "Sure thing!")


@settings(max_examples=40, deadline=None)
@given(cuts=CUTS)
def test_a_denied_phrase_is_taken_out_whole(cuts: list[int]) -> None:
    shown, found, _ = through(POLICY, list(split("You could buy Acme shares; the Acme\nCorporation is big.", cuts)))
    assert shown == "You could buy Acme shares; the [REMOVED] is big."
    assert [(each.detector, each.reason) for each in found] == [("denied_topics", "rival")]


@settings(max_examples=40, deadline=None)
@given(words=st.lists(st.sampled_from(PROSE), max_size=30), cuts=CUTS)
def test_prose_passes_unchanged(words: list[str], cuts: list[int]) -> None:
    text = " ".join(words)
    assert through(POLICY, list(split(text, cuts)), HIDDEN) == (text, [], False)


def test_of_prose_only_the_word_that_is_being_written_is_held_back() -> None:
    window = Window(detectors=of_output(POLICY, HIDDEN, ""), found=lambda _: None)
    assert [window.add(piece) for piece in ("Tom", "atoes", " need", " six", " hours")] == [
        "",
        "",
        "Tomatoes ",
        "need ",
        "six ",
    ]


def test_what_is_only_flagged_is_shown() -> None:
    shown, found, stopped = through(Policy(), ["Write to jane.doe@exam", "ple.com today"])
    assert shown == "Write to jane.doe@example.com today"
    assert [(each.detector, each.action, each.reason) for each in found] == [("personal_data", "flag", "email")]
    assert not stopped


def test_what_the_user_has_written_is_no_leak_of_the_system_prompt() -> None:
    found: list[Finding] = []
    window = Window(detectors=of_output(Policy(), HIDDEN, HIDDEN), found=found.append)
    assert window.add(HIDDEN) + window.end() == HIDDEN
    assert found == []


def test_what_follows_a_script_without_blanks_is_taken_out_wherever_the_pieces_break() -> None:
    text = "邮箱是anna.smith@example.com 谢谢"
    for cut in range(len(text) + 1):
        shown, found, _ = through(POLICY, [text[:cut], text[cut:]])
        assert "[EMAIL]" in shown and shown.endswith(" 谢谢"), (cut, shown)
        assert "anna" not in shown and "example" not in shown
        assert [each.reason for each in found] == ["email"]


def test_a_phrase_in_disguise_is_taken_out_wherever_the_pieces_break() -> None:
    text = "We like ac\u200bme co\u0301rporation, and 我们的竞争对手 too."
    policy = Policy(denied_topics=Rule(output="redact"), topics={"r": ("acme córporation", "竞争对手")})
    for cut in range(len(text) + 1):
        shown, _, _ = through(policy, [text[:cut], text[cut:]])
        assert shown == "We like [REMOVED], and 我们的[REMOVED] too.", cut
