"""Findings as text and as JSON, each with the line of the environment's file that it comes from."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from slipway_cli.preflights.finding import Finding, Severity
from stacks.settings_yaml import parse


@dataclass(frozen=True, kw_only=True)
class Report:
    """What was examined, and what was found. `file`: the environment's settings; `assumed`: the region was not said."""

    environment: str
    region: str
    assumed: bool
    online: bool
    file: Path
    findings: list[Finding]

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return sum(finding.severity is Severity.ERROR for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        """The report for scripts; `line` is that of the setting, or of the section that is in the file, or null."""
        return {
            "environment": self.environment,
            "region": self.region,
            "online": self.online,
            "ok": not self.errors,
            "findings": [asdict(item) | {"line": self._line(item.setting)} for item in self.findings],
        }

    def as_text(self) -> Iterator[str]:
        """Yield three lines for each finding, errors first, and one that sums up."""
        for finding in sorted(self.findings, key=lambda item: item.severity is not Severity.ERROR):
            yield f"{finding.severity} {finding.where}: {finding.what}"
            yield f"  {self._place(finding.setting)}{finding.remedy}"
            yield f"  {finding.documentation}"
        warnings = len(self.findings) - self.errors
        yield f"{self.environment} in {self.region}: {self.errors} errors, {warnings} warnings"
        if self.assumed:
            yield "No region is set in the file or in AWS_REGION: us-east-1 was assumed; --region names another."
        if not self.online:
            yield "Nothing was asked of an account: --aws also reads its quotas, roles and models."

    def _place(self, setting: str) -> str:
        if not setting:
            return ""
        line = self._line(setting)
        return f"{self.file.parent.name}/{self.file.name}{f':{line}' if line else ''}: {setting}: "

    def _line(self, setting: str) -> int | None:
        lines = parse(self.file)[1].lines if setting and self.file.is_file() else {}
        keys = tuple(setting.split("."))
        return next((lines[keys[:end]] for end in range(len(keys), 0, -1) if keys[:end] in lines), None)
