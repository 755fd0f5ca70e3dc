"""Governance: who did what to models and prompts, what watches the account, and what watches its bill."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_ce as ce
from aws_cdk import aws_guardduty as guardduty
from aws_cdk import aws_securityhub as securityhub

from slipway_constructs.data_trail import DataTrail
from stacks.names import trail_name
from stacks.slipway_stack import SlipwayStack
from stacks.tables import table_names

if TYPE_CHECKING:
    from constructs import Construct

    from stacks.settings import Settings

# What decides which answers people get, and who decided it.
WATCHED_TABLES = ("audit", "prompts", "approvals", "deployments")
# Of the month's budget: 80 % and all of it spent, and all of it forecast.
THRESHOLDS = ((80, "ACTUAL"), (100, "ACTUAL"), (100, "FORECASTED"))


class GovernanceStack(SlipwayStack):
    """Only what the settings switch on; Security Hub and GuardDuty are one for an account and region."""

    def __init__(self, scope: Construct, *, name: str, settings: Settings) -> None:
        super().__init__(scope, "governance", name=name, settings=settings)
        governance = settings.governance
        if governance.trail:
            self._trail()
        if governance.security_hub:
            securityhub.CfnHub(self, "SecurityHub", enable_default_standards=True, auto_enable_controls=True)
        if governance.guard_duty:
            guardduty.CfnDetector(
                self,
                "GuardDuty",
                enable=True,
                finding_publishing_frequency="FIFTEEN_MINUTES",
                features=[
                    guardduty.CfnDetector.CFNFeatureConfigurationProperty(name="S3_DATA_EVENTS", status="ENABLED")
                ],
            )
        if governance.budget_dollars_per_month is not None:
            self._budget(governance.budget_dollars_per_month)
        if governance.anomaly_dollars is not None:
            self._anomalies(governance.anomaly_dollars)

    def _trail(self) -> None:
        watched = [name for name in table_names(self.settings) if name in WATCHED_TABLES]
        key = self.key()
        DataTrail(
            self,
            "Trail",
            name=trail_name(self.environment_name),
            log_bucket_name=self.look_up("foundation", "trail-bucket-name"),
            bucket_arns=[self.bucket_arn("artifacts")],
            table_arns=[self.table_arn(name) for name in watched],
            key_arn=key.key_arn if key else None,
        )

    def _budget(self, dollars: float) -> None:
        """Tell of the money of this environment, by the tag that all of its resources have."""
        subscriber = budgets.CfnBudget.SubscriberProperty(
            subscription_type="SNS", address=self.look_up("foundation", "alarm-topic-arn")
        )
        budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=dollars, unit="USD"),
                cost_filters={"TagKeyValue": [f"user:slipway:environment${self.environment_name}"]},
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        notification_type=kind,
                        comparison_operator="GREATER_THAN",
                        threshold=percent,
                        threshold_type="PERCENTAGE",
                    ),
                    subscribers=[subscriber],
                )
                for percent, kind in THRESHOLDS
            ],
        )

    def _anomalies(self, dollars: float) -> None:
        tags = {"Tags": {"Key": "slipway:environment", "Values": [self.environment_name]}}
        monitor = ce.CfnAnomalyMonitor(
            self,
            "Anomalies",
            monitor_name=f"slipway-{self.environment_name}",
            monitor_type="CUSTOM",
            monitor_specification=self.to_json_string(tags),
        )
        impact = {"Key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE", "MatchOptions": ["GREATER_THAN_OR_EQUAL"]}
        ce.CfnAnomalySubscription(
            self,
            "AnomaliesTold",
            subscription_name=f"slipway-{self.environment_name}",
            frequency="IMMEDIATE",
            monitor_arn_list=[monitor.attr_monitor_arn],
            subscribers=[
                ce.CfnAnomalySubscription.SubscriberProperty(
                    type="SNS", address=self.look_up("foundation", "alarm-topic-arn")
                )
            ],
            threshold_expression=self.to_json_string({"Dimensions": impact | {"Values": [f"{dollars:g}"]}}),
        )
