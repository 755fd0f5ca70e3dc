"""Of two writes the later one stays, by S3's own way of comparing sequencers."""

import pytest

KEY = "acme/guides/garden.md"


def renumbered(event: dict, sequencer: str) -> dict:
    event["detail"]["object"]["sequencer"] = sequencer
    return event


@pytest.mark.capability("D10")
@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("00617F08299329D189", "00617F0830AA00"),  # the later one is shorter
        ("00617F08299329", "00617F08299329D189"),
        ("0055AED6DCD90281E5", "0055AED6DCD90281E6"),
    ],
)
@pytest.mark.parametrize("late_delivery", [False, True])
def test_sequencers_of_unequal_length_keep_the_later_write(cloud, earlier, later, late_delivery: bool) -> None:
    first = renumbered(cloud.put(KEY, "# Old\n\nOld text."), earlier)
    second = renumbered(cloud.put(KEY, "# New\n\nNew text."), later)
    assert cloud.ingest(*([second, first] if late_delivery else [first, second])) == []
    assert [row[1] for row in cloud.rows(KEY)] == ["# New\n\nNew text."]
    assert cloud.lineage(KEY)["version_id"] == second["detail"]["object"]["version-id"]
