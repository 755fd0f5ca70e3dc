"""Where services write logs: what grows the policy of CloudWatch Logs until it is full, and names that are required.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html
"""

import json
from collections.abc import Iterator

from slipway_cli.preflights.blame import setting_of
from slipway_cli.preflights.finding import Finding, Severity
from slipway_cli.preflights.subject import Subject

VENDED = "/aws/vendedlogs/"
WAF_PREFIX = "aws-waf-logs-"
STATES = "https://docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html"
WAF = "https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html"
QUOTAS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html"
MOST_POLICIES, MOST_CHARACTERS = 10, 5_120


def log_policies(subject: Subject) -> Iterator[Finding]:
    """Yield an error for more log resource policies than a region has, and for each that is too long."""
    policies = list(subject.of("AWS::Logs::ResourcePolicy"))
    for policy in policies[MOST_POLICIES:]:
        yield Finding(
            check="log-policies",
            what=f"{len(policies)} resource policies of CloudWatch Logs, of at most {MOST_POLICIES} in a region",
            where=policy.where,
            setting=setting_of(policy),
            remedy=f"Name log groups {VENDED}…, which need no policy, or join the policies.",
            documentation=QUOTAS,
        )
    for policy in policies:
        document = policy.properties["PolicyDocument"]
        size = len(document if isinstance(document, str) else json.dumps(document))
        if size > MOST_CHARACTERS:
            yield Finding(
                check="log-policies",
                what=f"the policy has {size:,} characters, of at most {MOST_CHARACTERS:,}",
                where=policy.where,
                setting=setting_of(policy),
                remedy="Name log groups by a common prefix.",
                documentation=QUOTAS,
            )


def state_machine_logs(subject: Subject) -> Iterator[Finding]:
    """Yield a warning for each state machine that logs to a group outside /aws/vendedlogs/."""
    for machine in subject.of("AWS::StepFunctions::StateMachine"):
        for destination in machine.properties.get("LoggingConfiguration", {}).get("Destinations", []):
            group = subject.named(machine.stack, destination)
            name = group.properties.get("LogGroupName", "") if group else VENDED
            if not str(name).startswith(VENDED):
                yield Finding(
                    check="log-policies",
                    what=f"logs go to {name or 'a group without a name'}, which makes the region's policy longer",
                    where=machine.where,
                    setting=setting_of(machine),
                    remedy=f"Name the log group {VENDED}states/….",
                    documentation=STATES,
                    severity=Severity.WARNING,
                )


def waf_logs(subject: Subject) -> Iterator[Finding]:
    """Yield an error for each log group of a web ACL whose name WAF refuses."""
    for logging in subject.of("AWS::WAFv2::LoggingConfiguration"):
        for destination in logging.properties.get("LogDestinationConfigs", []):
            group = subject.named(logging.stack, destination)
            if group and not str(group.properties.get("LogGroupName", "")).startswith(WAF_PREFIX):
                yield Finding(
                    check="waf-log-name",
                    what=f"WAF logs only to groups whose names begin with {WAF_PREFIX}",
                    where=group.where,
                    setting="gateway.waf",
                    remedy=f"Name the log group {WAF_PREFIX}….",
                    documentation=WAF,
                )
