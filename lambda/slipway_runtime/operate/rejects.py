"""Rejects by source, as the alarms count them."""

from slipway_runtime.operate.change import Result
from slipway_runtime.prepare.keys import described
from slipway_runtime.prepare.rules.settings import SourceRules
from slipway_runtime.prepare.streamed import KEPT, REJECTED, is_streamed

OTHERS = "others"  # all tenants together, where no source is listed: each value of a dimension costs


def source_of(key: str, rules: SourceRules) -> str:
    """Return the source of an object: `<tenant>/stream`, the listed prefix without "/" at its end, or "others"."""
    tenant, path = described(key)
    if is_streamed(path):
        return f"{tenant}/stream"
    fitting = [source.prefix for source in rules.sources if key.startswith(source.prefix)]
    return max(fitting, key=len).rstrip("/") if fitting else OTHERS


def rejected_share(result: Result) -> float | None:
    """Return which share of a document was rejected, from 0 to 1; None where nothing was decided about it."""
    if result.outcome == "rejected":
        return 1.0
    if result.outcome not in ("indexed", "duplicate"):
        return None
    rejected = result.counts.get(REJECTED, 0)
    return rejected / (rejected + result.counts.get(KEPT, 0)) if rejected else 0.0
