"""Quotas of the account against what the templates make, beside what is there already.

Source: https://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from botocore.exceptions import ClientError

from slipway_cli.preflights.finding import Finding
from slipway_cli.preflights.online.client import Clients, pages
from slipway_cli.preflights.subject import Subject

RAISE = "https://docs.aws.amazon.com/servicequotas/latest/userguide/request-quota-increase.html"
SPARK_CPUS = "L-D05C8A75"
STACKS = "AWS::CloudFormation::Stack"


@dataclass(frozen=True, kw_only=True)
class Counted:
    """A quota on a number of resources; `used` counts those there by (service, operation, key of the answer)."""

    service: str
    code: str
    name: str
    type: str
    setting: str
    used: tuple[str, str, str]


COUNTED = (
    Counted(
        service="vpc", code="L-F678F1CE", name="VPCs in the region", type="AWS::EC2::VPC", setting="network.mode",
        used=("ec2", "describe_vpcs", "Vpcs"),
    ),
    Counted(
        service="s3", code="L-DC2B2D3D", name="buckets", type="AWS::S3::Bucket", setting="",
        used=("s3", "list_buckets", "Buckets"),
    ),
    Counted(
        service="rds", code="L-952B80B8", name="DB clusters", type="AWS::RDS::DBCluster", setting="retrieval.store",
        used=("rds", "describe_db_clusters", "DBClusters"),
    ),
    Counted(
        service="dynamodb", code="L-F98FE922", name="DynamoDB tables", type="AWS::DynamoDB::Table", setting="",
        used=("dynamodb", "list_tables", "TableNames"),
    ),
    Counted(
        service="cloudformation", code="L-0485CB21", name="stacks", type=STACKS, setting="",
        used=("cloudformation", "describe_stacks", "Stacks"),
    ),
)  # fmt: skip


def counts(subject: Subject, client: Clients) -> Iterator[Finding]:
    """Yield an error for each quota that what comes would pass; what is deployed already does not come again."""
    new = _new(subject, client)
    for quota in COUNTED:
        if not new[quota.type]:
            continue
        service, operation, key = quota.used
        used = sum(1 for _ in pages(client(service), operation, key))
        most = client("service-quotas").get_service_quota(ServiceCode=quota.service, QuotaCode=quota.code)
        if used + new[quota.type] > (value := int(most["Quota"]["Value"])):
            yield _exceeded(subject, f"{quota.name}: {used} there, {new[quota.type]} come, {value} fit", quota.setting)


def roles(subject: Subject, client: Clients) -> Iterator[Finding]:
    """Yield an error if the account has no room for the roles."""
    new = _new(subject, client)["AWS::IAM::Role"]
    summary = client("iam").get_account_summary()["SummaryMap"]
    if summary["Roles"] + new > summary["RolesQuota"]:
        yield _exceeded(subject, f"roles: {summary['Roles']} there, {new} come, {summary['RolesQuota']} fit", "")


def instances(subject: Subject, client: Clients) -> Iterator[Finding]:
    """Yield an error for each instance type of SageMaker endpoints of which the account may not have so many."""
    wanted: Counter[str] = Counter()
    for config in subject.of("AWS::SageMaker::EndpointConfig"):
        for variant in config.properties.get("ProductionVariants", []):
            scaling = variant.get("ManagedInstanceScaling", {})
            count = int(scaling.get("MaxInstanceCount", variant.get("InitialInstanceCount", 1)))
            wanted[f"{variant.get('InstanceType')} for endpoint usage"] += count
    if wanted:
        listed = pages(client("service-quotas"), "list_service_quotas", "Quotas", ServiceCode="sagemaker")
        values = {quota["QuotaName"]: int(quota["Value"]) for quota in listed if quota["QuotaName"] in wanted}
        for name, count in wanted.items():
            if count > values.get(name, 0):
                yield _exceeded(subject, f"{name}: {count} wanted, {values.get(name, 0)} allowed", "models")


def spark_cpus(subject: Subject, client: Clients) -> Iterator[Finding]:
    """Yield an error if the applications of EMR Serverless may take more CPUs than the account: 16 at first.

    Source: https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/endpoints-quotas.html
    """
    limits = [one.properties.get("MaximumCapacity", {}) for one in subject.of("AWS::EMRServerless::Application")]
    wanted = sum(int(limit.get("Cpu", "0 vCPU").split()[0]) for limit in limits)
    if wanted:
        most = client("service-quotas").get_service_quota(ServiceCode="emr-serverless", QuotaCode=SPARK_CPUS)
        if wanted > (value := int(most["Quota"]["Value"])):
            what = f"concurrent vCPUs of EMR Serverless: {wanted} wanted, {value} allowed"
            yield _exceeded(subject, what, "ingestion.corpus.workers")


def _new(subject: Subject, client: Clients) -> Counter[str]:
    """How many resources of each type the deployment adds to what its stacks have."""
    coming = Counter(resource.type for resource in subject.resources)
    coming[STACKS] = len(subject.stacks)
    for stack in subject.stacks:
        try:
            there = list(
                pages(client("cloudformation"), "list_stack_resources", "StackResourceSummaries", StackName=stack.name)
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationError":  # CloudFormation's word for: no such stack
                raise
            continue
        coming.subtract(Counter(item["ResourceType"] for item in there))
        coming[STACKS] -= 1
    return +coming


def _exceeded(subject: Subject, what: str, setting: str) -> Finding:
    return Finding(
        check="quota",
        what=what,
        where=subject.environment,
        setting=setting,
        remedy="Have the quota raised; it can take days.",
        documentation=RAISE,
    )
