"""What every stack of an environment shares: its settings, its names, and how its functions are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from slipway_constructs.dependency_layer import DependencyLayer
from slipway_constructs.logged_state_machine import ExecutionLog, LoggedStateMachine
from slipway_constructs.permissions import allow, allow_key
from slipway_constructs.python_function import FunctionDefaults, FunctionNetwork
from stacks import names
from stacks.embedding import embedding_variables
from stacks.settings import Settings
from stacks.settings_duplicates import is_searched
from stacks.stores import Access, generation_kind, kind

ROOT = Path(__file__).resolve().parent.parent
LAYER_CACHE = ROOT / ".slipway" / "cache" / "layers"
# Only the runtime library goes into functions: everything else in the folder, and every cache, is left out.
CODE_EXCLUDES = ["*", "!slipway_runtime", "!slipway_runtime/**", "**/__pycache__", "**/__pycache__/**", "**/*.pyc"]
TENANT_INDEX = "by-tenant"
PENDING_INDEX = "pending-erasures"
CURATED_REASON = (
    "A curated document lies under a key made of its tenant and its id, any of them; the function touches any object "
    "of this one bucket."
)


class SlipwayStack(cdk.Stack):
    """A stack `slipway-<environment>-<part>`.

    `part`: the stack's name within the environment, also its folder of SSM parameters.
    """

    def __init__(self, scope: Construct, part: str, *, name: str, settings: Settings) -> None:
        self._zone_count = max(settings.network.availability_zones, 2)
        super().__init__(
            scope,
            part.capitalize(),
            stack_name=f"slipway-{name}-{part}",
            description=f"Slipway, environment {name}: {part}",
            termination_protection=settings.termination_protection,
        )
        self.environment_name = name
        self.settings = settings
        self.part = part
        self._key: kms.IKey | None = None
        self._looked_up: dict[tuple[str, str], str] = {}
        self._layers: dict[str, DependencyLayer] = {}

    @property
    def availability_zones(self) -> list[str]:
        """Return tokens for the first zones of the region, so that no synthesis has to look them up in an account."""
        return [cdk.Fn.select(index, cdk.Fn.get_azs()) for index in range(self._zone_count)]

    @property
    def removal(self) -> cdk.RemovalPolicy:
        """Return what becomes of data when a stack is deleted."""
        return cdk.RemovalPolicy.DESTROY if self.settings.removal == "destroy" else cdk.RemovalPolicy.RETAIN

    @property
    def log_retention(self) -> logs.RetentionDays:
        """Return how long logs are kept."""
        return RETENTION[self.settings.observability.log_retention_days]

    def publish(self, values: dict[str, str]) -> None:
        """Make names known to other stacks and to people's scripts."""
        names.publish(self, self.environment_name, self.part, values)

    def look_up(self, part: str, name: str) -> str:
        """Return a token for a name that another stack published."""
        if (part, name) not in self._looked_up:
            self._looked_up[part, name] = names.look_up(self, self.environment_name, part, name)
        return self._looked_up[part, name]

    def key(self) -> kms.IKey | None:
        """Return the environment's own key, or None where AWS's keys encrypt."""
        encryption = self.settings.encryption
        if not encryption.customer_managed_key and encryption.key_arn is None:
            return None
        if self._key is None:
            self._key = kms.Key.from_key_arn(self, "Key", encryption.key_arn or self.look_up("foundation", "key-arn"))
        return self._key

    def function_network(self) -> FunctionNetwork | None:
        """Return where functions run, or None outside any VPC."""
        if self.settings.network.mode == "none":
            return None
        return FunctionNetwork(
            subnet_ids=self.subnet_ids(), security_group_ids=self._listed("security-group-ids", self._group_count())
        )

    def subnet_ids(self) -> list[str]:
        """Return the private subnets of the environment's VPC, tokens."""
        existing = self.settings.network.existing
        count = len(existing.subnet_ids) if existing else self.settings.network.availability_zones
        return self._listed("subnet-ids", count)

    def function_defaults(
        self, dependency_set: str, *, key: kms.IKey | None = None, in_network: bool = True
    ) -> FunctionDefaults:
        """Return what this stack's functions share, with the layer of a dependency set."""
        return FunctionDefaults(
            environment=self.environment_name,
            code=lambda_.Code.from_asset(str(ROOT / "lambda"), exclude=CODE_EXCLUDES, ignore_mode=cdk.IgnoreMode.GIT),
            layer=self._layer(dependency_set),
            log_retention=self.log_retention,
            removal=self.removal,
            log_level=self.settings.gateway.log_level,
            key=key or self.key(),
            network=self.function_network() if in_network else None,
        )

    def state_machine(
        self, definition: Mapping[str, Any], functions: Sequence[str], *, timeout: cdk.Duration | None = None
    ) -> LoggedStateMachine:
        """Return this stack's state machine, which invokes the functions, ARNs."""
        log = ExecutionLog(
            name=f"slipway-{self.environment_name}-{self.part}",
            retention=self.log_retention,
            removal=self.removal,
            key=self.key(),
        )
        # The id Default is left out of the ids of what is inside: they are as if it stood in the stack itself.
        return LoggedStateMachine(self, "Default", definition=definition, functions=functions, log=log, timeout=timeout)

    def _layer(self, dependency_set: str) -> DependencyLayer:
        if dependency_set not in self._layers:
            self._layers[dependency_set] = DependencyLayer(
                self,
                f"{dependency_set.capitalize()}Packages",
                lock_file=ROOT / "lambda" / "requirements" / f"{dependency_set}.txt",
                cache=LAYER_CACHE,
            )
        return self._layers[dependency_set]

    def store_variables(self) -> dict[str, str]:
        """Return the variables by which functions of other stacks find the vector store and its generations."""
        return {**kind(self.settings).variables(self), **self.generation_variables()}

    def generation_variables(self) -> dict[str, str]:
        """Return the variable that names where the generations of the index are noted, if the store has them."""
        if generation_kind(self.settings) is None:
            return {}
        return {"GENERATIONS_TABLE": self.look_up("foundation", "documents-table-name")}

    def allow_store(self, role: iam.Role, access: Access) -> None:
        """Let a role search the vector store, or also write to it."""
        kind(self.settings).allow(self, role, access)
        if generation_kind(self.settings):
            allow(role, ["dynamodb:GetItem"], [self.table_arn("documents")])
            key = self.key()
            allow_key(role, key.key_arn if key else None)

    def embedding_variables(self) -> dict[str, str]:
        """Return the variables that name the embedding model."""
        return embedding_variables(self.settings.retrieval.embedding)

    def allow_documents(self, role: iam.Role, *, listing: bool = False) -> None:
        """Let a role read and write the lineage of single documents; with `listing` also list a tenant's."""
        table = self.table_arn("documents")
        # A deletion updates what is still to be erased, together with its lineage.
        allow(role, ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"], [table])
        if listing:
            allow(role, ["dynamodb:Query"], [f"{table}/index/{TENANT_INDEX}"])

    def allow_curated_removal(self, role: iam.Role) -> None:
        """Let a role remove versions of curated documents, whose keys come from documents' own."""
        bucket = self.bucket_arn("curated")
        allow(role, ["s3:ListBucketVersions"], [bucket])
        allow(role, ["s3:GetObjectVersion", "s3:DeleteObjectVersion"], [f"{bucket}/*"], wildcard_reason=CURATED_REASON)

    def bucket_arn(self, name: str) -> str:
        """Return the ARN of one of the foundation's buckets."""
        resource = self.look_up("foundation", f"{name}-bucket-name")
        return self.format_arn(service="s3", region="", account="", resource=resource)

    def searches_duplicates(self) -> bool:
        """Return whether any source is searched for near-duplicates; else there is no table of them."""
        return is_searched(self.settings.ingestion.near_duplicates, self.settings.ingestion.sources)

    def hold_variables(self) -> dict[str, str]:
        """Return the variable that names the table of legal holds, where the settings have them."""
        if not self.settings.ingestion.retention.legal_hold:
            return {}
        return {"HOLDS_TABLE": self.look_up("foundation", "holds-table-name")}

    def allow_holds(self, role: iam.Role) -> None:
        """Let a role ask which legal holds there are, where the settings have them."""
        if self.settings.ingestion.retention.legal_hold:
            allow(role, ["dynamodb:Query"], [self.table_arn("holds")])

    def table_arn(self, name: str) -> str:
        """Return the ARN of one of the foundation's tables."""
        table = self.look_up("foundation", f"{name}-table-name")
        return self.format_arn(service="dynamodb", resource="table", resource_name=table)

    def _listed(self, name: str, count: int) -> list[str]:
        listed = cdk.Fn.split(",", self.look_up("network", name))
        return [cdk.Fn.select(index, listed) for index in range(count)]

    def _group_count(self) -> int:
        existing = self.settings.network.existing
        return max(len(existing.security_group_ids), 1) if existing else 1


RETENTION = {
    1: logs.RetentionDays.ONE_DAY,
    3: logs.RetentionDays.THREE_DAYS,
    5: logs.RetentionDays.FIVE_DAYS,
    7: logs.RetentionDays.ONE_WEEK,
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    60: logs.RetentionDays.TWO_MONTHS,
    90: logs.RetentionDays.THREE_MONTHS,
    120: logs.RetentionDays.FOUR_MONTHS,
    150: logs.RetentionDays.FIVE_MONTHS,
    180: logs.RetentionDays.SIX_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
    400: logs.RetentionDays.THIRTEEN_MONTHS,
    545: logs.RetentionDays.EIGHTEEN_MONTHS,
    731: logs.RetentionDays.TWO_YEARS,
    1096: logs.RetentionDays.THREE_YEARS,
    1827: logs.RetentionDays.FIVE_YEARS,
    2192: logs.RetentionDays.SIX_YEARS,
    2557: logs.RetentionDays.SEVEN_YEARS,
    2922: logs.RetentionDays.EIGHT_YEARS,
    3288: logs.RetentionDays.NINE_YEARS,
    3653: logs.RetentionDays.TEN_YEARS,
}
