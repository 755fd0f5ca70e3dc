"""Where functions run: nowhere in particular, in a VPC that is made for them, or in one that exists."""

from typing import Annotated, Literal

from pydantic import Field

from stacks.settings_section import Section

Zone = Annotated[str, Field(pattern=r"^[a-z]{2,4}(-[a-z]+)+-[0-9](-[a-z0-9-]+-[0-9])?[a-z]$")]
SubnetId = Annotated[str, Field(pattern=r"^subnet-[0-9a-f]{8,17}$")]
SecurityGroupId = Annotated[str, Field(pattern=r"^sg-[0-9a-f]{8,17}$")]


class ExistingNetwork(Section):
    """A VPC that exists already, told by attributes, so that synthesis needs no credentials."""

    vpc_id: str = Field(pattern=r"^vpc-[0-9a-f]{8,17}$", description="Id of the VPC, like vpc-0123456789abcdef0.")
    subnet_ids: list[SubnetId] = Field(
        min_length=2,
        max_length=16,
        description="Private subnets for functions and database, one for each availability zone.",
    )
    availability_zones: list[Zone] = Field(
        min_length=2, description="The zones of those subnets, in the same order, like [eu-west-1a, eu-west-1b]."
    )
    security_group_ids: list[SecurityGroupId] = Field(
        default_factory=list,
        description="Security groups for the functions; they must reach the service endpoints on port 443. "
        "None listed: a group is made that allows this and nothing inwards.",
    )


class Network(Section):
    """Where functions run. `none` needs no VPC and costs nothing: the database is reached by its Data API."""

    mode: Literal["none", "create", "import"] = Field(
        "none", description="`none`: functions outside any VPC. `create`: a private VPC. `import`: an existing one."
    )
    cidr: str = Field("10.40.0.0/16", description="Address range of a created VPC, /16 to /24.")
    availability_zones: int = Field(2, ge=2, le=3, description="Availability zones of a created VPC.")
    nat_gateways: int = Field(
        0, ge=0, le=3, description="NAT gateways of a created VPC, about $33 a month each; 0 keeps it without internet."
    )
    existing: ExistingNetwork | None = Field(
        None, alias="import", description="The VPC to use with mode `import`, by its attributes."
    )
