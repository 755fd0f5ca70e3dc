"""What a store whose writers clear up after publishing must do when they do not come to it: tests to inherit."""

from typing import Any, ClassVar

import pytest

from slipway_runtime.retrieve.stores.contract import StoreUnavailable
from support.store_values import pieces, soon, stamp, vectors, version
from support.waiting import wait_for


class ClearingUp:
    """Inherit it beside StoreContract. `clearing`: the method that clears up, by its class and name."""

    clearing: ClassVar[tuple[type, str]]

    def kept(self, store: Any) -> list[str]:
        """Return the content of every chunk that lies in the store, found or not."""
        raise NotImplementedError

    def cut_short(self, store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """Publish a second version of two chunks over one of three, and fail before the first is removed."""
        store.replace(version("1"), pieces(3, "SECRET"), vectors(3), soon())

        def busy(*_: object) -> None:
            raise StoreUnavailable("throttled")

        with monkeypatch.context() as patched:
            patched.setattr(*self.clearing, busy)
            with pytest.raises(StoreUnavailable):
                store.replace(version("2"), pieces(2, "second"), vectors(2), soon())

    @pytest.mark.capability("D11")
    def test_the_same_event_again_removes_what_was_left(self, store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.cut_short(store, monkeypatch)

        assert store.replace(version("2"), pieces(2, "second"), vectors(2), soon())
        assert wait_for(lambda: sorted(self.kept(store)) == ["second 0", "second 1"])

    @pytest.mark.capability("D11")
    def test_a_later_version_removes_what_was_left(self, store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.cut_short(store, monkeypatch)

        assert store.replace(version("3"), pieces(1, "third"), vectors(1), soon())
        assert wait_for(lambda: self.kept(store) == ["third 0"])

    @pytest.mark.capability("D11")
    def test_a_deletion_leaves_nothing(self, store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.cut_short(store, monkeypatch)

        assert store.delete("acme", "doc_1", stamp("9"), soon(), force=True) == 2
        assert wait_for(lambda: self.kept(store) == [])

    def test_nothing_is_looked_for_where_all_was_cleared(self, store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        for sequencer in ("1", "2"):
            assert store.replace(version(sequencer), pieces(2), vectors(2), soon())

        held = store.guards.read(["doc_1"])["doc_1"]
        assert held.visible == held.cleared == held.claim == 2
