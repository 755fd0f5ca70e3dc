"""Versions and instance classes of Aurora, and service-linked roles made by a template."""

from collections.abc import Iterator
from typing import Any

from slipway_cli.preflights.finding import Finding
from slipway_cli.preflights.subject import Subject
from slipway_local.deploy.schemas import extension

VERSIONS = (
    "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Concepts.Aurora_Fea_Regions_DB-eng.Feature.html"
)
RELEASES = "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraPostgreSQLReleaseNotes/AuroraPostgreSQL.Updates.html"
LINKED = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html"


def engine_versions(subject: Subject) -> Iterator[Finding]:
    """Yield an error for each cluster with a version of its engine that RDS does not offer, or soon no longer."""
    for cluster in subject.of("AWS::RDS::DBCluster"):
        engine, version = cluster.properties.get("Engine"), str(cluster.properties.get("EngineVersion", ""))
        offered = {value for rule in _rules("engine_version", engine) for value in _versions(rule["then"])}
        ending = {value for rule in _rules("engine_version_deprecated", engine) for value in _versions(rule["if"])}
        if version and offered and version not in offered - ending:
            major = f"{version.split('.', maxsplit=1)[0]}."
            near = sorted((item for item in offered - ending if item.startswith(major)), key=_in_order)
            yield Finding(
                check="engine-version",
                what=f"RDS offers no {engine} {version}, or no longer to new clusters",
                where=cluster.where,
                setting="retrieval.aurora.engine_version",
                remedy=f"Choose one of {', '.join(near) or 'the versions on the page'}.",
                documentation=RELEASES,
            )


def instance_classes(subject: Subject) -> Iterator[Finding]:
    """Yield an error for each instance class that RDS does not offer for the engine in the region."""
    rules = extension("aws_rds_dbinstance", "dbinstanceclass_enum").get(subject.region, {}).get("allOf", [])
    for instance in subject.of("AWS::RDS::DBInstance"):
        engine, kind = instance.properties.get("Engine"), instance.properties.get("DBInstanceClass")
        offered = {
            value
            for rule in rules
            if _engine(rule) == engine
            for value in rule["then"]["properties"]["DBInstanceClass"]["enum"]
        }
        if offered and isinstance(kind, str) and kind not in offered:
            yield Finding(
                check="instance-region",
                what=f"RDS offers no {kind} for {engine} in {subject.region}",
                where=instance.where,
                setting="retrieval.store",
                remedy="Choose another region, or another store.",
                documentation=VERSIONS,
            )


def linked_roles(subject: Subject) -> Iterator[Finding]:
    """Yield an error for each service-linked role of a template: it fails where the account has the role already."""
    for role in subject.of("AWS::IAM::ServiceLinkedRole"):
        yield Finding(
            check="linked-role",
            what=f"an account has one role of {role.properties.get('AWSServiceName')}: if it is there, this fails",
            where=role.where,
            remedy="Take it out of the template; `aws iam create-service-linked-role` makes it once.",
            documentation=LINKED,
        )


def _rules(name: str, engine: Any) -> list[dict[str, Any]]:
    return [rule for rule in extension("aws_rds_dbcluster", name)["allOf"] if _engine(rule) == engine]


def _versions(schema: dict[str, Any]) -> list[str]:
    return [str(value) for value in schema["properties"]["EngineVersion"]["enum"]]


def _engine(rule: dict[str, Any]) -> Any:
    return rule["if"]["properties"].get("Engine", {}).get("const")


def _in_order(version: str) -> list[int]:
    return [int("".join(filter(str.isdigit, part)) or 0) for part in version.split(".")]
