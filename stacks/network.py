"""Network: the VPC that functions and database share, created or imported. Not there with mode none."""

from collections import defaultdict

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from slipway_constructs.private_network import PrivateNetwork
from slipway_constructs.text_recognition import TEXTRACT_ACTIONS
from stacks.answering import KNOWLEDGE_ACTIONS, RERANK_ACTIONS, SYNC_ACTIONS
from stacks.bedrock import INVOKE_STREAM
from stacks.ingestion import COMPREHEND_ACTIONS, DUPLICATES_ACTIONS, SEND_AGAIN
from stacks.labelling_api import API_TABLE_ACTIONS, TASK_ACTIONS
from stacks.routing import ENDPOINT_ACTIONS, all_routes
from stacks.settings import ExistingNetwork, Settings
from stacks.settings_ocr import recognises
from stacks.settings_sources import redacts_names
from stacks.slipway_stack import SlipwayStack
from stacks.stores import generation_kind, kind
from stacks.training_job import REACH as TRAINING_REACH

CHECK_ITEM = "dynamodb:ConditionCheckItem"  # the prompts need no more beyond every environment
LABEL_ACTIONS = ("comprehend:BatchDetectEntities", "comprehend:ClassifyDocument")


class NetworkStack(SlipwayStack):
    """Publishes vpc-id, subnet-ids and security-group-ids, the last two joined by commas."""

    def __init__(self, scope: Construct, *, name: str, settings: Settings) -> None:
        super().__init__(scope, "network", name=name, settings=settings)
        existing = settings.network.existing
        vpc_id, subnet_ids, group_ids = self._import(existing) if existing else self._create()
        self.publish({"vpc-id": vpc_id, "subnet-ids": ",".join(subnet_ids), "security-group-ids": ",".join(group_ids)})

    def _create(self) -> tuple[str, list[str], list[str]]:
        network = self.settings.network
        private = PrivateNetwork(
            self,
            "Private",
            cidr=network.cidr,
            availability_zones=self.availability_zones[: network.availability_zones],
            nat_gateways=network.nat_gateways,
            log_retention=self.log_retention,
            removal=self.removal,
            reach=self._reach(),
            key=self.key(),
        )
        return private.vpc.vpc_id, private.subnet_ids, [private.functions.security_group_id]

    def _reach(self) -> dict[str, list[str]]:
        """Return what the functions of features do beyond those of every environment, actions by service."""
        ingestion, reach = self.settings.ingestion, defaultdict[str, list[str]](list)
        generations = generation_kind(self.settings) if self.settings.reindex.enabled else None
        of_parts = [
            kind(self.settings).reach,
            generations.generation_reach if generations else {},
            TRAINING_REACH if self.settings.training.enabled else {},
        ]
        for service, actions in (each for part in of_parts for each in part.items()):
            reach[service] += actions
        if redacts_names(ingestion.rules, ingestion.sources) or self.settings.augmentation.labels:
            reach["comprehend"] += [*COMPREHEND_ACTIONS, *LABEL_ACTIONS]
        if self.settings.labelling.enabled:
            reach["states"] += TASK_ACTIONS
            reach["dynamodb"] += API_TABLE_ACTIONS
        if self.settings.prompts.enabled:
            reach["dynamodb"].append(CHECK_ITEM)
        embedding = [each.endpoint for _, each in self.settings.retrieval.embedding.models]
        if any(endpoint and endpoint.sagemaker_endpoint for endpoint in embedding):
            reach["sagemaker.runtime"].append("sagemaker:InvokeEndpoint")
        reach["bedrock-runtime"].append(INVOKE_STREAM)
        reach["ssm"].append("ssm:GetParameter")
        if any(route.sagemaker for route in all_routes(self)):
            reach["sagemaker.runtime"] += ENDPOINT_ACTIONS
        if self.settings.answering.reranker != "off":
            reach["bedrock-agent-runtime"] += RERANK_ACTIONS
        if self.settings.retrieval.knowledge_base.enabled:
            reach["bedrock-agent-runtime"] += KNOWLEDGE_ACTIONS
            reach["bedrock-agent"] += SYNC_ACTIONS
        if recognises(ingestion):
            reach["textract"] += TEXTRACT_ACTIONS
        if self.searches_duplicates() or recognises(ingestion):
            reach["sqs"].append(SEND_AGAIN)
        if self.searches_duplicates():
            reach["dynamodb"] += DUPLICATES_ACTIONS
        return reach

    def _import(self, existing: ExistingNetwork) -> tuple[str, list[str], list[str]]:
        group_ids = existing.security_group_ids or [self._group(existing.vpc_id)]
        return existing.vpc_id, existing.subnet_ids, group_ids

    def _group(self, vpc_id: str) -> str:
        https_out = ec2.CfnSecurityGroup.EgressProperty(
            ip_protocol="tcp", from_port=443, to_port=443, cidr_ip="0.0.0.0/0", description="AWS services"
        )
        return ec2.CfnSecurityGroup(
            self,
            "Functions",
            group_description="Slipway functions: HTTPS outwards only",
            vpc_id=vpc_id,
            security_group_egress=[https_out],
        ).attr_group_id
