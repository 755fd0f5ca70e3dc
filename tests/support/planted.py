"""What a planted fault changes: the templates of prod, its settings, its region."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slipway_cli.preflights.finding import Severity
from slipway_cli.preflights.subject import Stack, Subject
from stacks.settings import Settings

GITHUB = "https://github.com"
CHATBOT = f"{GITHUB}/aws-samples/aws-genai-llm-chatbot"
AGENTS = f"{GITHUB}/aws-samples/sample-autonomous-cloud-coding-agents"
EXAMPLES = f"{GITHUB}/aws/amazon-sagemaker-examples"
CHANGES = "https://docs.aws.amazon.com/general/latest/gr/service_availability_change.html"
ERROR, WARNING = Severity.ERROR, Severity.WARNING


@dataclass
class Trial:
    """The templates of prod by part, its settings and region, for a plant to change."""

    templates: dict[str, Any]
    settings: Settings
    folder: Path
    region: str = "us-east-1"
    assets: dict[str, Path] = field(default_factory=dict)

    def one(self, kind: str, part: str | None = None) -> dict[str, Any]:
        """The first resource of a type."""
        return next(
            item
            for name, template in self.templates.items()
            for item in template["Resources"].values()
            if item["Type"] == kind and part in (None, name)
        )

    def properties(self, kind: str, part: str | None = None) -> dict[str, Any]:
        found: dict[str, Any] = self.one(kind, part)["Properties"]
        return found

    def add(self, kind: str, part: str = "gateway", name: str = "Planted", **properties: Any) -> None:
        self.templates[part]["Resources"][name] = {"Type": kind, "Properties": properties}

    def subject(self) -> Subject:
        stacks = [
            Stack(name=f"slipway-prod-{part}", template=template, bootstrap_version=6, assets=self.assets)
            for part, template in self.templates.items()
        ]
        return Subject(environment="prod", settings=self.settings, region=self.region, stacks=stacks)


def move(region: str) -> Callable[[Trial], None]:
    def plant(trial: Trial) -> None:
        trial.region = region

    return plant


def settings(**sections: Any) -> Callable[[Trial], None]:
    """Change settings without synthesising again, as a person who edits the file does."""

    def plant(trial: Trial) -> None:
        changed = trial.settings.model_dump(by_alias=True) | sections
        trial.settings = Settings.model_validate(changed)

    return plant


# A plant, the id of the check that finds it, its severity and setting, and where it happened to somebody.
Plant = tuple[Callable[[Trial], None], str, Severity, str, str]
