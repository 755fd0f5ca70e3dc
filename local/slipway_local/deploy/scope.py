"""The pseudo parameters, and what else a template's values may refer to.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/pseudo-parameter-reference.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from slipway_local.aws import Place

NO_VALUE = object()
PSEUDO_PARAMETERS = (
    "AWS::AccountId", "AWS::NoValue", "AWS::NotificationARNs", "AWS::Partition", "AWS::Region", "AWS::StackId",
    "AWS::StackName", "AWS::URLSuffix",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What a template's values may refer to besides its resources; `exports` are those of all stacks, by name."""

    place: Place
    stack_name: str
    stack_id: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    exports: Mapping[str, str] = field(default_factory=dict)

    @property
    def pseudo_parameters(self) -> dict[str, Any]:
        """Return the pseudo parameters, by name."""
        place = self.place
        return {
            "AWS::AccountId": place.account,
            "AWS::Region": place.region,
            "AWS::Partition": place.partition,
            "AWS::URLSuffix": "amazonaws.com.cn" if place.partition == "aws-cn" else "amazonaws.com",
            "AWS::StackName": self.stack_name,
            "AWS::StackId": self.stack_id,
            "AWS::NotificationARNs": [],
            "AWS::NoValue": NO_VALUE,
        }
