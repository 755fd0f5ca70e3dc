"""Services that AWS has closed to new customers: an account that has not used them cannot begin to.

Source: https://docs.aws.amazon.com/general/latest/gr/service_availability_change.html
"""

from collections.abc import Iterator

from slipway_cli.preflights.blame import setting_of
from slipway_cli.preflights.finding import Finding, Severity
from slipway_cli.preflights.subject import Subject

CHANGES = "https://docs.aws.amazon.com/general/latest/gr/service_availability_change.html"
CLOSED = {
    "AWS::Kendra::": ("Amazon Kendra", "another store"),
    "AWS::QBusiness::": ("Amazon Q Business", "the gateway of this platform"),
    "AWS::Bedrock::Agent": ("Amazon Bedrock Agents Classic", "tools of the gateway"),
    "AWS::SageMaker::FlowDefinition": ("Amazon Augmented AI", "labelling.enabled: reviews in the console"),
    "AWS::SageMaker::MonitoringSchedule": ("SageMaker Model Monitor", "the quality monitors"),
    "AWS::SageMaker::DataQualityJobDefinition": ("SageMaker Model Monitor", "the quality monitors"),
    "AWS::SageMaker::ModelQualityJobDefinition": ("SageMaker Model Monitor", "the quality monitors"),
    "AWS::SageMaker::ModelBiasJobDefinition": ("SageMaker Clarify", "evaluation.enabled"),
    "AWS::SageMaker::ModelExplainabilityJobDefinition": ("SageMaker Clarify", "evaluation.enabled"),
}


def closed_services(subject: Subject) -> Iterator[Finding]:
    """Yield a warning for each closed service that the templates use."""
    seen: set[str] = set()
    for resource in subject.resources:
        for prefix, (service, instead) in CLOSED.items():
            if resource.type.startswith(prefix) and service not in seen:
                seen.add(service)
                yield Finding(
                    check="closed-service",
                    what=f"{service} takes no new customers: it works only in accounts that have used it before",
                    where=resource.where,
                    setting=setting_of(resource),
                    remedy=f"In a new account use {instead}.",
                    documentation=CHANGES,
                    severity=Severity.WARNING,
                )
