"""The settings of runs over the whole corpus, and of streams into it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from stacks.settings_section import Section

Tenant = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$")]
RoleArn = Annotated[str, Field(pattern=r"^arn:[a-z-]+:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]+$")]


class Corpus(Section):
    """Runs over the whole raw bucket: `slipway corpus prepare`. Nothing is made for an engine that is off."""

    map: bool = Field(
        False, description="By functions under a Distributed Map of Step Functions; idle it costs nothing."
    )
    batch_documents: int = Field(
        20, ge=1, le=1000, description="Documents of one function of the map, which has 15 minutes for them."
    )
    spark: Literal["none", "glue", "emr_serverless"] = Field(
        "none",
        description="By Spark 3.5.6. `glue`: on Glue 5.1, about $0.44 a worker and hour while it runs. "
        "`emr_serverless`: on EMR Serverless 7.11, arm64, about $0.24.",
    )
    workers: int = Field(4, ge=2, le=299, description="Workers of the Spark job, each of 4 CPUs and 16 GB.")
    timeout_minutes: int = Field(
        480, ge=1, le=10080, description="Minutes after which a run of the Spark job is ended."
    )
    catalogue: bool = Field(False, description="Tables of the Glue Data Catalog over what the runs wrote, for Athena.")
    readers: list[RoleArn] = Field(
        default_factory=list,
        description="Roles, by ARN, that Lake Formation lets read those tables. For accounts that use Lake Formation.",
    )

    @property
    def runs(self) -> bool:
        """Return whether any engine works on the corpus."""
        return self.map or self.spark != "none"

    @property
    def is_on(self) -> bool:
        """Return whether anything is made."""
        return self.runs or self.catalogue


class Streaming(Section):
    """Firehose streams into the raw bucket; each object that they make is a document like any other."""

    tenants: list[Tenant] = Field(
        default_factory=list, description="Tenants that get a stream; its documents are theirs. None listed: none made."
    )
    interval_seconds: int = Field(300, ge=60, le=900, description="Seconds that records wait for each other, at most.")
