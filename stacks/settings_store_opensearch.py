"""The settings of the store `opensearch`."""

from typing import Literal

from pydantic import Field

from stacks.settings_section import Section

# What a collection group may be limited to. Source: OpenSearch Service developer guide, "Managing capacity limits for
# Amazon OpenSearch Serverless".
MaxOcu = Literal[1, 2, 4, 8, 16, 32, 48, 64, 80, 96]


class OpenSearch(Section):
    """A collection of OpenSearch Serverless."""

    generation: Literal["nextgen", "classic"] = Field(
        "nextgen",
        description="nextgen scales to zero after 10 idle minutes, and wakes in 10 to 30 seconds; classic runs always, "
        "at $350 a month and more. Another one makes a new, empty collection.",
    )
    standby_replicas: bool = Field(
        True,
        description="Keep replicas in another availability zone; without, classic costs half. Another value makes a "
        "new, empty collection.",
    )
    max_indexing_ocu: MaxOcu = Field(
        2, description="Most OpenSearch compute units (6 GiB of memory, about $0.24 an hour) for writing; nextgen only."
    )
    max_search_ocu: MaxOcu = Field(2, description="Most OpenSearch compute units for searching; nextgen only.")
    m: int = Field(
        16, ge=2, le=64, description="Neighbours of each vector in the graph; a new value needs a new index."
    )
    ef_construction: int = Field(
        256, ge=8, le=2048, description="Candidates held while the graph is built; a new value needs a new index."
    )
