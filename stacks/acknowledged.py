"""What cdk-nag's packs for HIPAA, NIST 800-53, PCI DSS and serverless find in an environment and is accepted, and why.

A team that must comply reads this list. The findings of the AWS Solutions pack are accepted where they arise, one by
one; these packs repeat some of them, and ask for what an environment of this kind answers otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import aws_cdk as cdk
from constructs import IConstruct

from slipway_constructs.acknowledgement import acknowledge
from stacks.settings import Settings

HIPAA, NIST, PCI, SERVERLESS = "HIPAA.Security", "NIST.800.53.R5", "PCI.DSS.321", "Serverless"
STANDARDS = (HIPAA, NIST, PCI)


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """A rule, named without its pack. `under`: the construct, by its path in the stage; "" is all of the environment.

    `where`: settings with which it is accepted; with others the finding stands and synthesis fails.
    """

    rule: str
    reason: str
    packs: tuple[str, ...] = STANDARDS
    under: str = ""
    where: Callable[[Settings], bool] = lambda _: True


def _without_own_key(settings: Settings) -> bool:
    return not (settings.encryption.customer_managed_key or settings.encryption.key_arn)


def _without_network(settings: Settings) -> bool:
    return settings.network.mode == "none"


AWS_KEY = "AWS's own keys encrypt it; with encryption.customer_managed_key or key_arn the environment's own key does."
ACCEPTED = (
    Accepted(rule="CloudWatchLogGroupEncrypted", reason=AWS_KEY, where=_without_own_key),
    Accepted(rule="S3DefaultEncryptionKMS", reason=AWS_KEY, where=_without_own_key),
    Accepted(rule="SNSEncryptedKMS", reason=AWS_KEY, where=_without_own_key),
    Accepted(rule="SecretsManagerUsingKMSKey", reason=AWS_KEY, where=_without_own_key),
    Accepted(
        rule="S3DefaultEncryptionKMS",
        under="Foundation/AccessLogs",
        reason="S3 delivers access logs only to buckets that it encrypts with keys of its own (SSE-S3).",
    ),
    Accepted(
        rule="S3BucketVersioningEnabled",
        under="Foundation/AccessLogs",
        reason="Only S3 writes access logs, each under a new name, and they expire: no version would ever be replaced.",
    ),
    Accepted(
        rule="S3BucketReplicationEnabled",
        reason="A second region doubles storage and residency; backups (slipway backup, backup.enabled) are the copy, "
        "and restoring from them is tested. Buckets that hold documents are versioned.",
    ),
    Accepted(
        rule="DynamoDBInBackupPlan",
        packs=(HIPAA, NIST),
        reason="Point-in-time recovery is on for every table, and backup.enabled adds AWS Backup, whose selection this "
        "rule does not follow.",
    ),
    Accepted(
        rule="RDSInBackupPlan",
        packs=(HIPAA, NIST),
        reason="Aurora's own continuous backups are kept for backup_days; backup.enabled adds AWS Backup, whose "
        "selection this rule does not follow.",
    ),
    Accepted(
        rule="RDSLoggingEnabled[LogExport::postgresql]",
        reason="PostgreSQL's log quotes statements with their values, which are text of documents; the Data API's "
        "calls are in CloudTrail, and the functions log counts and times.",
    ),
    Accepted(
        rule="RDSEnhancedMonitoringEnabled",
        packs=(HIPAA, NIST),
        reason="The cluster is serverless: capacity, connections and latency are alarmed by CloudWatch's own metrics; "
        "an agent's metrics of the operating system would cost by the hour, also at 0 ACU.",
    ),
    Accepted(
        rule="RDSInstanceDeletionProtectionEnabled",
        packs=(HIPAA, NIST),
        where=lambda settings: settings.removal == "destroy",
        reason="An environment that may be thrown away, by its settings; with removal: retain it is protected.",
    ),
    Accepted(
        rule="LambdaInsideVPC",
        reason="Each function calls AWS services alone, over TLS and signed by its own role; network.mode puts those "
        "that read documents into a VPC. Those of deployments and alarms stay outside.",
    ),
    Accepted(
        rule="VPCDefaultSecurityGroupClosed",
        reason="Nothing is in the default group: each interface names a group of its own. Closing it needs a custom "
        "resource that may change every group of the VPC.",
    ),
    Accepted(
        rule="VPCFlowLogsEnabled",
        where=_without_network,
        reason="The VPC holds the subnets that Aurora asks for and no traffic: it is reached by the Data API alone.",
    ),
    Accepted(
        rule="VPCNoUnrestrictedRouteToIGW",
        where=lambda settings: settings.network.nat_gateways > 0,
        reason="The route of the NAT gateways that network.nat_gateways asks for; functions and jobs lie in private "
        "subnets, and nothing is reached from outside.",
    ),
    Accepted(
        rule="VPCSubnetAutoAssignPublicIpDisabled",
        where=lambda settings: settings.network.nat_gateways > 0,
        reason="The public subnets hold the NAT gateways alone, which network.nat_gateways asks for.",
    ),
    Accepted(
        rule="IAMNoInlinePolicy",
        reason="Each role belongs to one function or job, and its policy is written from what that one does; a managed "
        "policy could be attached elsewhere by mistake.",
    ),
    Accepted(
        rule="LambdaConcurrency",
        packs=(HIPAA, NIST),
        reason="Reserved concurrency would take from the account's other functions for good; the API's throttle, "
        "max_concurrency of queues and maps, and quotas of tenants limit what runs at once.",
    ),
    Accepted(
        rule="LambdaDLQ",
        packs=(HIPAA, NIST, SERVERLESS),
        reason="Functions behind the API or a state machine answer their caller; those behind queues have the queue's "
        "dead letters; those invoked asynchronously have an on-failure destination, which this rule does not look at.",
    ),
    Accepted(
        rule="LambdaEventSourceMappingDestination",
        packs=(SERVERLESS,),
        reason="The mappings read queues, whose own redrive policy keeps what failed; a mapping of SQS takes no "
        "on-failure destination. Streams' mappings have one.",
    ),
    Accepted(
        rule="SQSRedrivePolicy",
        packs=(SERVERLESS,),
        reason="These queues hold dead letters themselves; the AWS Solutions pack's SQS3 finds any other queue.",
    ),
    Accepted(
        rule="SNSRedrivePolicy",
        packs=(SERVERLESS,),
        reason="An e-mail that is not taken leaves the alarm as it is, in CloudWatch and on the dashboards; a queue of "
        "old notices would be read by nobody.",
    ),
    Accepted(
        rule="LambdaLatestVersion",
        packs=(SERVERLESS,),
        reason="Python 3.13 on arm64 is what the locked dependencies are built and tested for; see AwsSolutions-L1.",
    ),
    Accepted(
        rule="LambdaTracing",
        packs=(SERVERLESS,),
        reason="A request's id is in each log line of each function it reaches, and state machines are traced; the "
        "X-Ray SDK would take a third more of a cold start.",
    ),
    Accepted(
        rule="APIGWXrayEnabled",
        packs=(HIPAA, SERVERLESS),
        reason="Access logs carry the request's id, which the functions log too; see LambdaTracing.",
    ),
    Accepted(
        rule="APIGWAssociatedWithWAF",
        packs=(NIST, PCI),
        where=lambda settings: not settings.gateway.waf,
        reason="Without keys nothing is answered, and the API is throttled; gateway.waf adds the firewall, as in prod.",
    ),
    Accepted(
        rule="WAFv2LoggingEnabled",
        reason="The API's access log has every request that the firewall turned away, with address and status; the "
        "firewall's own log would repeat headers, which hold keys.",
    ),
    Accepted(
        rule="APIGWCacheEnabledAndEncrypted",
        reason="Answers are private to a tenant and partly streamed; the answer cache knows tenants, prompts and "
        "documents, and API Gateway's would be billed by the hour.",
    ),
    Accepted(
        rule="APIGWExecutionLoggingEnabled",
        reason="Execution logs hold what people ask and are told, and their keys; access logs are on.",
    ),
    Accepted(
        rule="APIGWSSLEnabled",
        reason="A certificate of API Gateway proves it to servers behind an HTTP integration; behind this API are "
        "functions alone, whose policies name it.",
    ),
    Accepted(
        rule="SecretsManagerRotationEnabled",
        packs=(HIPAA, NIST),
        reason="The API's key is changed by its owners when they tell their callers; Aurora's secret opens the Data "
        "API alone, to roles that IAM admits. See AwsSolutions-SMG4.",
    ),
    Accepted(
        rule="SageMakerEndpointConfigurationKMSKeyConfigured",
        reason="A volume holds a copy of a model while its instance runs; the model itself lies under the key of the "
        "bucket. Instances with NVMe drives, as most of these, encrypt by hardware and refuse a key.",
    ),
    Accepted(
        rule="CloudTrailCloudWatchLogsEnabled",
        reason="The trail goes to a bucket with validation of its files, where Athena reads it; a copy in CloudWatch "
        "Logs would cost more than all else that governance costs.",
    ),
)  # fmt: skip


def acknowledge_findings(stage: cdk.Stage, settings: Settings) -> None:
    """Accept what is listed, in the environment that `stage` is."""
    for each in ACCEPTED:
        construct = _find(stage, each.under)
        if construct is None or not each.where(settings):
            continue
        for pack in each.packs:
            acknowledge(construct, f"{pack}-{each.rule}", each.reason)


def _find(stage: cdk.Stage, path: str) -> IConstruct | None:
    found: IConstruct | None = stage
    for name in filter(None, path.split("/")):
        found = found.node.try_find_child(name) if found else None
    return found
