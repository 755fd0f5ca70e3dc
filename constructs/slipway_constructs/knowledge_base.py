"""A Bedrock knowledge base over one prefix of a bucket, in a vector store that exists.

Creates: the knowledge base, its S3 data source with chunks of 300 tokens, and the role by which Bedrock reads, embeds
and stores.   Grants: the role may read the prefix and call the model; what it may do with the store its caller says.
Source: Amazon Bedrock user guide, "Create a service role for Amazon Bedrock Knowledge Bases", "Prerequisites for using
a vector store you created for a knowledge base".
"""

import dataclasses

import aws_cdk as cdk
from aws_cdk import aws_bedrock as bedrock
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct, IConstruct

from slipway_constructs.permissions import allow, allow_key

CHUNK_TOKENS, OVERLAP_PERCENT = 300, 20
PREFIX_REASON = "The data source is this one prefix of the bucket; its documents come and go."
Storage = bedrock.CfnKnowledgeBase.StorageConfigurationProperty


@dataclasses.dataclass(frozen=True, kw_only=True)
class KnowledgeSource:
    """The documents: below `prefix` of a bucket, embedded by a model of Bedrock, ARN."""

    bucket_arn: str
    prefix: str
    model_arn: str
    dimensions: int


class KnowledgeBase(Construct):
    """The role as `role`; `build` makes the rest as `knowledge_base_id`, `arn` and `data_source_id`."""

    def __init__(self, scope: Construct, construct_id: str, *, source: KnowledgeSource, key: kms.IKey | None) -> None:
        super().__init__(scope, construct_id)
        self._source, self._key = source, key
        stack = cdk.Stack.of(self)
        trusted = {
            "StringEquals": {"aws:SourceAccount": stack.account},
            "ArnLike": {
                "aws:SourceArn": stack.format_arn(service="bedrock", resource="knowledge-base", resource_name="*")
            },
        }
        principal = iam.ServicePrincipal("bedrock.amazonaws.com", conditions=trusted)
        self.role = iam.Role(self, "Role", assumed_by=principal)
        allow(self.role, ["bedrock:InvokeModel"], [source.model_arn])
        allow(self.role, ["s3:ListBucket"], [source.bucket_arn])
        objects = f"{source.bucket_arn}/{source.prefix}*"
        allow(self.role, ["s3:GetObject"], [objects], wildcard_reason=PREFIX_REASON)
        allow_key(self.role, key.key_arn if key else None)

    def build(self, name: str, storage: Storage, *ready: IConstruct) -> None:
        """Make the knowledge base in a store once what it needs is `ready`: Bedrock tries it at once."""
        self._base = bedrock.CfnKnowledgeBase(
            self,
            "Base",
            name=name,
            role_arn=self.role.role_arn,
            knowledge_base_configuration=self._vectors(),
            storage_configuration=storage,
        )
        self._base.node.add_dependency(self.role.node.find_child("DefaultPolicy"), *ready)
        self.knowledge_base_id, self.arn = self._base.attr_knowledge_base_id, self._base.attr_knowledge_base_arn
        self.data_source_id = self._data_source().attr_data_source_id

    def _vectors(self) -> bedrock.CfnKnowledgeBase.KnowledgeBaseConfigurationProperty:
        kinds = bedrock.CfnKnowledgeBase
        size = kinds.BedrockEmbeddingModelConfigurationProperty(dimensions=self._source.dimensions)
        return kinds.KnowledgeBaseConfigurationProperty(
            type="VECTOR",
            vector_knowledge_base_configuration=kinds.VectorKnowledgeBaseConfigurationProperty(
                embedding_model_arn=self._source.model_arn,
                embedding_model_configuration=kinds.EmbeddingModelConfigurationProperty(
                    bedrock_embedding_model_configuration=size
                ),
            ),
        )

    def _data_source(self) -> bedrock.CfnDataSource:
        kinds = bedrock.CfnDataSource
        encryption = (
            kinds.ServerSideEncryptionConfigurationProperty(kms_key_arn=self._key.key_arn) if self._key else None
        )
        return kinds(
            self,
            "Source",
            name="curated",
            knowledge_base_id=self.knowledge_base_id,
            # Its vectors go with the store; deleting them one by one would need a store that still answers.
            data_deletion_policy="RETAIN",
            data_source_configuration=kinds.DataSourceConfigurationProperty(
                type="S3",
                s3_configuration=kinds.S3DataSourceConfigurationProperty(
                    bucket_arn=self._source.bucket_arn, inclusion_prefixes=[self._source.prefix]
                ),
            ),
            server_side_encryption_configuration=encryption,
            vector_ingestion_configuration=kinds.VectorIngestionConfigurationProperty(
                chunking_configuration=kinds.ChunkingConfigurationProperty(
                    chunking_strategy="FIXED_SIZE",
                    fixed_size_chunking_configuration=kinds.FixedSizeChunkingConfigurationProperty(
                        max_tokens=CHUNK_TOKENS, overlap_percentage=OVERLAP_PERCENT
                    ),
                )
            ),
        )
