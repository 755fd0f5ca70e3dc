"""Markers that name no given document are dropped and counted; the rest are renumbered by first use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_runtime.generate.citations import Cited, resolve_markers


@pytest.mark.capability("R8")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A [3]. B [1]. C [3].", Cited(text="A [1]. B [2]. C [1].", used=[3, 1], dropped=0)),
        ("A [1][2] and [1, 2].", Cited(text="A [1][2] and [1][2].", used=[1, 2], dropped=0)),
        ("A [9]. B [0] [2].", Cited(text="A. B [1].", used=[2], dropped=2)),
        ("A [1, 7].", Cited(text="A [1].", used=[1], dropped=1)),
        ("Use `list[1]` and ```x[2]``` [2].", Cited(text="Use `list[1]` and ```x[2]``` [1].", used=[2], dropped=0)),
        ("No marker, [note] and [1a].", Cited(text="No marker, [note] and [1a].", used=[], dropped=0)),
    ],
)
def test_markers(text: str, expected: Cited) -> None:
    assert resolve_markers(text, 3) == expected


@given(st.lists(st.one_of(st.text(alphabet="ab [],.`"), st.integers(0, 12).map(lambda number: f"[{number}]"))))
def test_every_marker_left_points_at_a_citation(parts: list[str]) -> None:
    cited = resolve_markers("".join(parts), 5)
    assert all(1 <= number <= 5 for number in cited.used)
    assert len(set(cited.used)) == len(cited.used)
