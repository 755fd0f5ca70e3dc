"""Any order of events keeps the promises of the online index."""

from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from slipway_runtime.prepare.duplicates.claiming import DuplicateOf, Kept
from slipway_runtime.prepare.duplicates.similarity import jaccard, shingle_set
from support.duplicates import World

FAMILY = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t"]
PUT = st.tuples(st.sampled_from("uvwxyz"), st.integers(0, 1), st.integers(0, 19))
REMOVE = st.sampled_from("uvwxyz")


class Model:
    """Documents that come, change and go, whose orphans are handled again, as asked."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.live: dict[str, tuple[str, int]] = {}
        self.verdicts: dict[str, Any] = {}

    def put(self, name: str, family: int, edit: int) -> None:
        words = [f"{word}{family}" for word in FAMILY * 3]
        words[3 * edit] = f"edit{edit}"
        self.live[name] = " ".join(words), self.live.get(name, ("", 0))[1] + 1
        self.claim(name)
        assert self.world.claim(name, *self.live[name]) == self.verdicts[name]

    def remove(self, name: str) -> None:
        self.live.pop(name, None)
        self.verdicts.pop(name, None)
        self.again(self.world.release(name))

    def claim(self, name: str) -> None:
        verdict = self.world.claim(name, *self.live[name])
        self.again(verdict.orphans)
        self.verdicts[name] = settled(verdict)

    def again(self, orphans: tuple[str, ...]) -> None:
        for name in (orphan.removeprefix("doc_") for orphan in orphans):
            if name in self.live:
                self.claim(name)

    def check(self) -> None:
        """Each duplicate points to a live kept document that it really repeats; bands name live kept ones only."""
        kept = {f"doc_{name}" for name, verdict in self.verdicts.items() if isinstance(verdict, Kept)}
        for name, verdict in self.verdicts.items():
            if isinstance(verdict, DuplicateOf):
                assert verdict.document_id in kept
                its = self.live[verdict.document_id.removeprefix("doc_")][0]
                assert jaccard(shingle_set(self.live[name][0]), shingle_set(its)) >= 0.8
        bands = [item["owners"]["L"] for item in self.world.items() if "owners" in item]
        assert {owner["S"].partition("@")[0] for owners in bands for owner in owners} == kept
        assert self.world.tally() == (len(self.live), len(self.live) - len(kept))


def settled(verdict: Any) -> Any:
    """The verdict once its orphans are handled."""
    return replace(verdict, orphans=())


@given(st.lists(st.one_of(PUT, REMOVE), max_size=14))
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # an example takes requests: shrinking would take minutes
)
def test_any_order_of_events_keeps_the_promises(world: World, events: list[Any]) -> None:
    model = Model(world)
    for event in events:
        if isinstance(event, str):
            model.remove(event)
        else:
            model.put(*event)
        model.check()
    for name in "uvwxyz":
        model.remove(name)
    assert world.items() == []
