"""AWS WAF before a regional REST API: rate limit by address, and Amazon's rules for known bad requests.

Creates: a web ACL and its association with the stage.   Grants: none.
Units: `requests_per_five_minutes` from one address, 10 to 2,000,000,000.
Source: WAF developer guide, "AWS Managed Rules rule groups list". The common rule set's body size rule only counts:
a conversation is longer than 8 KB, and its cross-site scripting and file inclusion rules on bodies would refuse prompts
that hold code.
"""

from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

COUNTED = (
    *("SizeRestrictions_BODY", "CrossSiteScripting_BODY", "GenericLFI_BODY", "GenericRFI_BODY"),
    "EC2MetaDataSSRF_BODY",
)
GROUPS = {"AWSManagedRulesAmazonIpReputationList": (), "AWSManagedRulesCommonRuleSet": COUNTED}


class WebFirewall(Construct):
    """The web ACL as `acl`."""

    def __init__(self, scope: Construct, construct_id: str, *, stage_arn: str, requests_per_five_minutes: int) -> None:
        super().__init__(scope, construct_id)
        self.acl = wafv2.CfnWebACL(
            self,
            "Acl",
            scope="REGIONAL",
            default_action=wafv2.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=_visibility("slipway"),
            rules=[_rate_rule(requests_per_five_minutes)]
            + [_managed_rule(name, counted, priority) for priority, (name, counted) in enumerate(GROUPS.items(), 1)],
        )
        wafv2.CfnWebACLAssociation(self, "Association", resource_arn=stage_arn, web_acl_arn=self.acl.attr_arn)


def _rate_rule(limit: int) -> wafv2.CfnWebACL.RuleProperty:
    return wafv2.CfnWebACL.RuleProperty(
        name="RateByAddress",
        priority=0,
        action=wafv2.CfnWebACL.RuleActionProperty(block={}),
        visibility_config=_visibility("rate-by-address"),
        statement=wafv2.CfnWebACL.StatementProperty(
            rate_based_statement=wafv2.CfnWebACL.RateBasedStatementProperty(limit=limit, aggregate_key_type="IP")
        ),
    )


def _managed_rule(name: str, counted: tuple[str, ...], priority: int) -> wafv2.CfnWebACL.RuleProperty:
    return wafv2.CfnWebACL.RuleProperty(
        name=name,
        priority=priority,
        override_action=wafv2.CfnWebACL.OverrideActionProperty(none={}),
        visibility_config=_visibility(name),
        statement=wafv2.CfnWebACL.StatementProperty(
            managed_rule_group_statement=wafv2.CfnWebACL.ManagedRuleGroupStatementProperty(
                vendor_name="AWS",
                name=name,
                rule_action_overrides=[
                    wafv2.CfnWebACL.RuleActionOverrideProperty(
                        name=rule, action_to_use=wafv2.CfnWebACL.RuleActionProperty(count={})
                    )
                    for rule in counted
                ]
                or None,
            )
        ),
    )


def _visibility(name: str) -> wafv2.CfnWebACL.VisibilityConfigProperty:
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
    )
