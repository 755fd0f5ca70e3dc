"""The settings of one environment: what `config/<environment>.yaml` may say, with units, defaults and limits.

Sections are frozen pydantic models that refuse unknown keys. Rules that concern more than one key live in
`settings_rules.py`; reading a file, with the line of each error, in `settings_file.py`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from stacks.settings_access import Access
from stacks.settings_acknowledged import AcknowledgedChange
from stacks.settings_answering import Answering
from stacks.settings_augmentation import Augmentation
from stacks.settings_backup import Backup
from stacks.settings_cache import Cache
from stacks.settings_chunks import Chunks
from stacks.settings_conversations import Conversations
from stacks.settings_corpus import Corpus, Streaming
from stacks.settings_datasets import Datasets
from stacks.settings_drift import Drift
from stacks.settings_duplicates import NearDuplicates
from stacks.settings_embedding import Embedding
from stacks.settings_evaluation import Evaluation
from stacks.settings_governance import Governance
from stacks.settings_guardrails import Guardrails
from stacks.settings_knowledge_base import KnowledgeBase
from stacks.settings_labelling import Labelling
from stacks.settings_metering import Metering
from stacks.settings_models import Model, ModelAlias, default_models
from stacks.settings_network import Network
from stacks.settings_observability import Observability
from stacks.settings_ocr import OCR_DESCRIPTION, Ocr
from stacks.settings_prompts import Prompts
from stacks.settings_reindex import Reindex
from stacks.settings_retention import Retention
from stacks.settings_rules import violations
from stacks.settings_section import Section
from stacks.settings_serving import Serving
from stacks.settings_sources import Rules, Source
from stacks.settings_store_kendra import KendraSettings
from stacks.settings_store_opensearch import OpenSearch
from stacks.settings_store_s3_vectors import S3VectorsSettings
from stacks.settings_training import Training
from stacks.settings_violation import ImpossibleSettingsError

Region = Annotated[str, Field(pattern=r"^[a-z]{2,4}(-[a-z]+)+-[0-9]$")]


class Encryption(Section):
    """Who holds the keys. With both keys left alone, AWS's own keys encrypt everything at no cost."""

    customer_managed_key: bool = Field(False, description="Create a KMS key, rotated yearly; about $1 a month.")
    key_arn: str | None = Field(
        None,
        pattern=r"^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$",
        description="ARN of an existing KMS key to use instead. Its policy must allow use through IAM, and by the "
        "services logs, sns, sqs, events and cloudwatch; with the store s3_vectors also indexing.s3vectors.",
    )


class Aurora(Section):
    """The Aurora PostgreSQL Serverless v2 cluster with pgvector."""

    engine_version: str = Field(
        "17.7",
        pattern=r"^[0-9]+\.[0-9]+$",
        description="Aurora PostgreSQL version, in quotes; 15.12, 16.8, 17.4 or a later minor version.",
    )
    min_acu: float = Field(
        0,
        ge=0,
        le=256,
        multiple_of=0.5,
        description="Least capacity, same unit as max_acu; 0 pauses when idle and resumes in about 15 s.",
    )
    max_acu: float = Field(
        2, ge=1, le=256, multiple_of=0.5, description="Most capacity in Aurora capacity units of about 2 GiB."
    )
    auto_pause_minutes: int | None = Field(
        None, ge=5, le=1440, description="Idle minutes before a pause, with `min_acu: 0` only; left open: 5."
    )
    backup_days: int = Field(1, ge=1, le=35, description="Days that automatic backups are kept.")
    readers: int = Field(
        0, ge=0, le=15, description="Instances beside the writer, in other zones, that take over when it fails."
    )


class Retrieval(Section):
    """How documents are stored for search, and found."""

    store: Literal["aurora", "kendra", "opensearch", "s3_vectors"] = Field("aurora", description="The vector store.")
    aurora: Aurora = Field(default_factory=Aurora, description="Settings of the store `aurora`.")
    opensearch: OpenSearch = Field(default_factory=OpenSearch, description="Settings of the store `opensearch`.")
    kendra: KendraSettings = Field(default_factory=KendraSettings, description="Settings of the store `kendra`.")
    s3_vectors: S3VectorsSettings = Field(
        default_factory=S3VectorsSettings, description="Settings of the store `s3_vectors`."
    )
    embedding: Embedding = Field(default_factory=Embedding, description="The embedding model.")
    knowledge_base: KnowledgeBase = Field(default_factory=KnowledgeBase, description="A knowledge base of Bedrock.")
    top_k: int = Field(8, ge=1, le=30, description="Chunks at most that a question is answered from.")
    min_score: float = Field(0.25, ge=0, le=1, description="Least cosine similarity, 0 to 1, of a chunk that is used.")


class Ingestion(Chunks):
    """How documents become chunks."""

    max_document_megabytes: int = Field(
        20, ge=1, le=100, description="Largest document in megabytes (10^6 bytes); larger ones are rejected."
    )
    max_concurrency: int = Field(10, ge=2, le=1000, description="Batches of documents worked on at the same time.")
    max_receive_count: int = Field(
        10, ge=2, le=100, description="Attempts before a message goes to the dead-letter queue."
    )
    keep_versions_days: int = Field(
        90,
        ge=1,
        le=3650,
        description="Days that the raw bucket keeps replaced and deleted versions of documents.",
    )
    rules: Rules = Field(default_factory=Rules, description="The rule set of every source that is not listed.")
    sources: list[Source] = Field(default_factory=list, description="Sources with rule sets of their own, by prefix.")
    ocr: Ocr = Field("none", description=OCR_DESCRIPTION)
    near_duplicates: NearDuplicates = Field(
        default_factory=NearDuplicates, description="Documents that repeat others are left out."
    )
    retention: Retention = Field(default_factory=Retention, description="How long what is kept, and where.")
    corpus: Corpus = Field(default_factory=Corpus, description="Runs over the whole raw bucket.")
    streaming: Streaming = Field(default_factory=Streaming, description="Records that come one by one.")


class Throttle(Section):
    """Limits of the whole API, not of one caller."""

    rate_per_second: float = Field(10, gt=0, le=10000, description="Sustained requests a second.")
    burst: int = Field(20, ge=1, le=5000, description="Requests admitted at once above the sustained rate.")


class Gateway(Section):
    """The OpenAI-compatible endpoint."""

    context_max_tokens: int = Field(6000, ge=500, le=200000, description="Most tokens of retrieved chunks in a prompt.")
    timeout_seconds: int = Field(
        120, ge=29, le=900, description="Seconds that a chat completion may take, streamed or not, from the first byte."
    )
    throttle: Throttle = Field(default_factory=Throttle, description="Limits of the whole API.")
    access: Access = Field(default_factory=Access, description="Who may call.")
    waf: bool = Field(False, description="Put AWS WAF before the API; about $8 a month.")
    log_role: Literal["create", "existing"] = Field(
        "create",
        description="API Gateway writes access logs by a role of the whole account and region: `create` sets one, and "
        "leaves it when the stack goes; `existing` if your account has one already.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Log level of the functions.")


class Settings(Section):
    """Everything that one environment may set."""

    account: str | None = Field(
        None, pattern=r"^[0-9]{12}$", description="AWS account, 12 digits in quotes; left open: the one deployed with."
    )
    region: Region | None = Field(None, description="AWS region; left open: the one deployed with.")
    tags: dict[str, str] = Field(
        default_factory=dict,
        description="Tags on every resource that takes tags, at most 40; keys of 1 to 128 and values of up to 256 "
        "letters, digits, spaces and _ . : / = + - @.",
    )
    removal: Literal["destroy", "retain"] = Field(
        "retain", description="What becomes of data when its stack is deleted: `destroy` empties and removes it."
    )
    termination_protection: bool = Field(True, description="Refuse to delete the stacks.")
    permissions_boundary: str | None = Field(
        None,
        pattern=r"^(arn:[a-z-]+:iam::[0-9]{12}:policy/[A-Za-z0-9_+=,.@/-]+|[A-Za-z0-9_+=,.@-]{1,128})$",
        description="Name or ARN of the policy that bounds every role.",
    )
    backup: Backup = Field(default_factory=Backup, description="AWS Backup of what holds data.")
    stack_drift: Drift = Field(default_factory=Drift, description="Nightly search for changes by hand.")
    encryption: Encryption = Field(default_factory=Encryption, description="Keys.")
    network: Network = Field(default_factory=Network, description="Where functions run.")
    retrieval: Retrieval = Field(default_factory=Retrieval, description="Store, embedding and search.")
    ingestion: Ingestion = Field(default_factory=Ingestion, description="From document to chunks.")
    answering: Answering = Field(default_factory=Answering, description="From question to context.")
    evaluation: Evaluation = Field(default_factory=Evaluation, description="How good search and answers are.")
    datasets: Datasets = Field(default_factory=Datasets, description="Training sets.")
    labelling: Labelling = Field(default_factory=Labelling, description="Labels from people.")
    prompts: Prompts = Field(default_factory=Prompts, description="The catalogue of prompts.")
    conversations: Conversations = Field(default_factory=Conversations, description="What the gateway remembers.")
    cache: Cache = Field(default_factory=Cache, description="Answers that are given again.")
    training: Training = Field(default_factory=Training, description="Fine-tuning.")
    gateway: Gateway = Field(default_factory=Gateway, description="The API.")
    metering: Metering = Field(default_factory=Metering, description="What tenants may use, and have used.")
    guardrails: Guardrails = Field(default_factory=Guardrails, description="What requests and answers may hold.")
    models: dict[ModelAlias, Model] = Field(
        default_factory=default_models,
        description="Alias that clients name as `model`, with what is behind it; `default` must be one.",
    )
    augmentation: Augmentation = Field(default_factory=Augmentation, description="Examples made of documents.")
    serving: Serving = Field(default_factory=Serving, description="Models of your own.")
    reindex: Reindex = Field(default_factory=Reindex, description="A new index beside the old one.")
    governance: Governance = Field(default_factory=Governance, description="Trail, security services, budgets of AWS.")
    observability: Observability = Field(default_factory=Observability, description="Logs, alarms, dashboard.")
    acknowledged_changes: list[AcknowledgedChange] = Field(
        default_factory=list, description="Losses that `slipway upgrade-check` lets pass, until they are deployed."
    )

    @model_validator(mode="after")
    def _possible(self) -> Settings:
        if found := violations(self):
            raise ImpossibleSettingsError(found)
        return self
