"""Which setting brings a resource about, so that a finding can name it."""

from slipway_cli.preflights.subject import Resource

BY_TYPE = {
    "AWS::EC2::NatGateway": "network.nat_gateways",
    "AWS::EMRServerless::": "ingestion.corpus.spark",
    "AWS::Events::Rule": "ingestion",
    "AWS::Glue::Job": "ingestion.corpus.spark",
    "AWS::KMS::": "encryption",
    "AWS::Kendra::": "retrieval.store",
    "AWS::KinesisFirehose::": "ingestion.corpus.catalogue",
    "AWS::OpenSearchServerless::": "retrieval.store",
    "AWS::RDS::": "retrieval.store",
    "AWS::S3Vectors::": "retrieval.store",
    "AWS::WAFv2::": "gateway.waf",
    "AWS::Bedrock::KnowledgeBase": "retrieval.knowledge_base.enabled",
}
BY_SERVICE = {
    "bedrock": "models",
    "kendra": "retrieval.store",
    "textract": "ingestion.ocr",
    "rds-data": "retrieval.store",
}
BY_PART = {
    "augmentation": "augmentation.enabled",
    "corpus": "ingestion.corpus",
    "datasets": "datasets.enabled",
    "deletion": "ingestion.retention",
    "evaluation": "evaluation.enabled",
    "gateway": "gateway",
    "ingestion": "ingestion",
    "knowledge": "retrieval.knowledge_base.enabled",
    "labelling": "labelling.enabled",
    "network": "network",
    "observability": "observability",
    "prompts": "prompts.enabled",
    "reindex": "reindex.enabled",
    "retrieval": "retrieval",
}


def setting_of(resource: Resource) -> str:
    """The dotted key of the setting behind a resource; empty where there is none."""
    for prefix, setting in BY_TYPE.items():
        if resource.type.startswith(prefix):
            return setting
    return BY_PART.get(resource.stack.part, "")
