"""Documents that instruct the model: retrieved chunks are read for injection before they are put into a prompt.

Source: OWASP Top 10 for LLM applications 2026, LLM01 (indirect injection) and LLM09.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from slipway_runtime.generate.guard.injection import score
from slipway_runtime.generate.guard.policy import Finding, Policy, Screened
from slipway_runtime.generate.guard.tell import tell
from slipway_runtime.generate.guard.visible import visible
from slipway_runtime.retrieve.stores.contract import Hit


@dataclass(frozen=True)
class Screen:
    """Leaves chunks out that instruct a reader, or flags them, as the tenant's policy says."""

    policy: Callable[[str], Policy]

    def __call__(self, tenant: str, hits: list[Hit]) -> Screened:
        """Return what is left. Raises: what the policy's reading raises."""
        with visible("the documents could not be read for injection"):
            return self._screened(self.policy(tenant), hits)

    @staticmethod
    def _screened(policy: Policy, hits: list[Hit]) -> Screened:
        rule = policy.documents
        if rule.input == "off":
            return Screened(hits, [])
        kept, findings = list[Hit](), list[Finding]()
        for hit in hits:
            surely = score(hit.content)
            if surely < rule.threshold:
                kept.append(hit)
                continue
            finding = Finding("documents", "documents", rule.input, hit.document_id, round(surely, 3))
            findings.append(finding)
            tell(finding, policy.version)
            if rule.input == "flag":
                kept.append(hit)
        return Screened(kept, findings)
