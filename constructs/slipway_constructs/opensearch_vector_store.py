"""A vector search collection of OpenSearch Serverless.

Creates: encryption and network policy, collection, for the newer generation a collection group that scales to zero, and
inside a VPC an endpoint with its security group, which is then the only way in.
Grants: none; `allow_data` lets a role in by IAM and by a data access policy in the role's own stack.
Units: capacity in OpenSearch compute units (OCU, 6 GiB of memory).
Source: OpenSearch Service developer guide, "Getting started with Amazon OpenSearch Serverless", "Encryption", "Network
access", "Data access control", "Scale to zero for Amazon OpenSearch Serverless".
"""

import dataclasses
import hashlib
import re
from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_opensearchserverless as aoss
from constructs import Construct

from slipway_constructs.permissions import allow

NAME_CHARACTERS = 32
DIGEST_CHARACTERS = 8
READ = ("aoss:DescribeIndex", "aoss:ReadDocument")
WRITE = (*READ, "aoss:WriteDocument")
MIGRATE = ("aoss:CreateIndex", "aoss:DescribeIndex", "aoss:UpdateIndex")


@dataclasses.dataclass(frozen=True, kw_only=True)
class CollectionCapacity:
    """`max_indexing_ocu` and `max_search_ocu` apply to the newer generation, whose least is 0."""

    nextgen: bool
    standby_replicas: bool
    max_indexing_ocu: int
    max_search_ocu: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class CollectionNetwork:
    """Where the functions are that use the collection."""

    vpc_id: str
    subnet_ids: Sequence[str]
    security_group_ids: Sequence[str]


class OpenSearchVectorStore(Construct):
    """The collection as `collection`, its name as `name`.

    The service wants names of its own; this one holds what a replacement of the collection comes from, since an old and
    a new one with one name cannot be.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        prefix: str,
        capacity: CollectionCapacity,
        network: CollectionNetwork | None = None,
        key: kms.IKey | None = None,
        removal: cdk.RemovalPolicy,
    ) -> None:
        super().__init__(scope, construct_id)
        kind = f"{capacity.nextgen}{capacity.standby_replicas}{bool(key)}"
        self.name = short_name(prefix, hashlib.sha256(kind.encode()).hexdigest()[:4])
        policies = [self._encryption(key), self._network_policy(network)]
        group = self._group(capacity) if capacity.nextgen else None
        self.collection = aoss.CfnCollection(
            self,
            "Collection",
            name=self.name,
            type="VECTORSEARCH",
            standby_replicas=_switch(capacity.standby_replicas),
            collection_group_name=group.name if group else None,
            deletion_protection=_switch(removal != cdk.RemovalPolicy.DESTROY),
        )
        self.collection.apply_removal_policy(removal)
        self.collection.node.add_dependency(*policies, *([group] if group else []))

    def _encryption(self, key: kms.IKey | None) -> aoss.CfnSecurityPolicy:
        owner = {"KmsARN": key.key_arn} if key else {"AWSOwnedKey": True}
        return self._policy("Encryption", "encryption", {"Rules": [self._rule()], **owner})

    def _network_policy(self, network: CollectionNetwork | None) -> aoss.CfnSecurityPolicy:
        # Reached from anywhere, and let in nobody whom IAM and a data access policy do not both name.
        access: dict[str, object] = {"AllowFromPublic": True}
        if network:
            access = {"AllowFromPublic": False, "SourceVPCEs": [self._endpoint(network).attr_id]}
        return self._policy("Network", "network", [{"Rules": [self._rule()], **access}])

    def _rule(self) -> dict[str, object]:
        return {"ResourceType": "collection", "Resource": [f"collection/{self.name}"]}

    def _policy(self, construct_id: str, kind: str, policy: object) -> aoss.CfnSecurityPolicy:
        text = cdk.Stack.of(self).to_json_string(policy)
        return aoss.CfnSecurityPolicy(self, construct_id, name=self.name, type=kind, policy=text)

    def _group(self, capacity: CollectionCapacity) -> aoss.CfnCollectionGroup:
        return aoss.CfnCollectionGroup(
            self,
            "Group",
            name=self.name,
            generation="NEXTGEN",
            standby_replicas=_switch(capacity.standby_replicas),
            capacity_limits=aoss.CfnCollectionGroup.CapacityLimitsProperty(
                min_indexing_capacity_in_ocu=0,
                min_search_capacity_in_ocu=0,
                max_indexing_capacity_in_ocu=capacity.max_indexing_ocu,
                max_search_capacity_in_ocu=capacity.max_search_ocu,
            ),
        )

    def _endpoint(self, network: CollectionNetwork) -> aoss.CfnVpcEndpoint:
        group = ec2.CfnSecurityGroup(
            self,
            "EndpointGroup",
            group_description="OpenSearch Serverless: HTTPS from the functions only",
            vpc_id=network.vpc_id,
            security_group_ingress=[
                ec2.CfnSecurityGroup.IngressProperty(
                    ip_protocol="tcp",
                    from_port=443,
                    to_port=443,
                    source_security_group_id=functions,
                    description="Slipway functions",
                )
                for functions in network.security_group_ids
            ],
        )
        return aoss.CfnVpcEndpoint(
            self,
            "Endpoint",
            name=self.name,
            vpc_id=network.vpc_id,
            subnet_ids=list(network.subnet_ids),
            security_group_ids=[group.attr_group_id],
        )


def allow_data(
    role: iam.Role, *, collection_arn: str, collection_name: str, permissions: Sequence[str], policy_name: str
) -> aoss.CfnAccessPolicy:
    """Let a role use a collection's indexes: by IAM, and by a data access policy beside the role, which is returned.

    The service wants both. A policy for each role, in the role's stack, names a role that is there.
    """
    allow(role, ["aoss:APIAccessAll"], [collection_arn])
    rule = {"ResourceType": "index", "Resource": [f"index/{collection_name}/*"], "Permission": list(permissions)}
    text = cdk.Stack.of(role).to_json_string([{"Rules": [rule], "Principal": [role.role_arn]}])
    return aoss.CfnAccessPolicy(role, "StoreAccess", name=policy_name, type="data", policy=text)


def short_name(*parts: str) -> str:
    """Return a name as the service takes it: at most 32 lower-case letters, digits and hyphens; a long one is cut, and
    ends in a hash of the whole, so that two long ones stay two.
    """
    whole = re.sub(r"[^a-z0-9-]+", "-", "-".join(parts).lower())
    if len(whole) <= NAME_CHARACTERS:
        return whole
    digest = hashlib.sha256("-".join(parts).encode()).hexdigest()[:DIGEST_CHARACTERS]
    return f"{whole[: NAME_CHARACTERS - DIGEST_CHARACTERS - 1].rstrip('-')}-{digest}"


def _switch(on: bool) -> str:
    return "ENABLED" if on else "DISABLED"
